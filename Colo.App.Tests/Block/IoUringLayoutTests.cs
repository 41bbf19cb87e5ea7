using System.Reflection;
using System.Text;
using Colo.Block;
using Colo.Linux;
using Colo.Tests.Kvm;

namespace Colo.Tests.Block;

/// <summary>Compares structures and numbers of io_uring and of statx with the C headers.</summary>
public sealed class IoUringLayoutTests
{
    private static readonly (Type Type, string Name)[] Structs =
    [
        (typeof(io_uring_sqe), "io_uring_sqe"), (typeof(io_uring_cqe), "io_uring_cqe"), (typeof(io_sqring_offsets), "io_sqring_offsets"),
        (typeof(io_cqring_offsets), "io_cqring_offsets"), (typeof(io_uring_params), "io_uring_params"),
        (typeof(FileStatus), "statx"),
    ];

    [LayoutTests.CompilerFact]
    public void Structures_and_numbers_are_those_of_the_header()
    {
        var expected = new List<string>();
        var program = new StringBuilder("#include <stdio.h>\n#include <stddef.h>\n#include <linux/io_uring.h>\n#include <linux/stat.h>\n#include <asm/unistd_64.h>\nint main(void) {\n");
        foreach (var (type, name) in Structs)
        {
            program.Append($"printf(\"sizeof {name} %zu\\n\", sizeof(struct {name}));\n");
            expected.Add($"sizeof {name} {LayoutTests.SizeOf(type)}");
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic))
            {
                // Newer headers give this place another name.
                if (field.Name == "resv2")
                    continue;
                program.Append($"printf(\"offset {name} {field.Name} %zu\\n\", offsetof(struct {name}, {field.Name}));\n");
                expected.Add($"offset {name} {field.Name} {LayoutTests.OffsetOf(type, field)}");
            }
        }

        foreach (var constant in typeof(IoUringValue).GetFields(BindingFlags.Static | BindingFlags.NonPublic))
        {
            program.Append($"printf(\"{constant.Name} %llu\\n\", (unsigned long long)({constant.Name}));\n");
            expected.Add($"{constant.Name} {constant.GetRawConstantValue()}");
        }

        foreach (var (name, value) in new[]
        {
            ("__NR_io_uring_setup", IoUringNative.SYS_io_uring_setup), ("__NR_io_uring_enter", IoUringNative.SYS_io_uring_enter),
            ("__NR_io_uring_register", IoUringNative.SYS_io_uring_register), ("STATX_DIOALIGN", FileStatus.STATX_DIOALIGN),
        })
        {
            program.Append($"printf(\"{name} %lld\\n\", (long long){name});\n");
            expected.Add($"{name} {value}");
        }

        program.Append("return 0;\n}\n");
        Assert.Equal(expected, LayoutTests.Run(program.ToString()));
    }
}
