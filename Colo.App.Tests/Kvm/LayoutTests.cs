using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Colo.Kvm;

namespace Colo.Tests.Kvm;

/// <summary>Compares every structure, ioctl number and constant with the C header, by a C program compiled against it.</summary>
public sealed class LayoutTests
{
    // Members by C name where ours differ: of kvm_run's union, and of nested structures.
    private static readonly Dictionary<string, string> RunMembers = new()
    {
        ["io_direction"] = "io.direction", ["io_size"] = "io.size", ["io_port"] = "io.port", ["io_count"] = "io.count",
        ["io_data_offset"] = "io.data_offset", ["mmio_phys_addr"] = "mmio.phys_addr", ["mmio_data"] = "mmio.data",
        ["mmio_len"] = "mmio.len", ["mmio_is_write"] = "mmio.is_write", ["internal_suberror"] = "internal.suberror",
        ["internal_ndata"] = "internal.ndata", ["internal_data"] = "internal.data",
        ["fail_entry_reason"] = "fail_entry.hardware_entry_failure_reason", ["system_event_type"] = "system_event.type",
        ["exception_injected"] = "exception.injected", ["exception_nr"] = "exception.nr",
        ["exception_has_error_code"] = "exception.has_error_code", ["exception_pending"] = "exception.pending",
        ["exception_error_code"] = "exception.error_code", ["interrupt_injected"] = "interrupt.injected",
        ["interrupt_nr"] = "interrupt.nr", ["interrupt_soft"] = "interrupt.soft", ["interrupt_shadow"] = "interrupt.shadow",
        ["nmi_injected"] = "nmi.injected", ["nmi_pending"] = "nmi.pending", ["nmi_masked"] = "nmi.masked", ["nmi_pad"] = "nmi.pad",
        ["padding0"] = "padding[0]", ["padding1"] = "padding[1]", ["padding2"] = "padding[2]", ["first"] = "channels",
        ["value"] = "value",
    };

    private static readonly Type[] Structs =
    [
        typeof(kvm_userspace_memory_region), typeof(kvm_regs), typeof(kvm_segment), typeof(kvm_dtable), typeof(kvm_sregs),
        typeof(kvm_sregs2), typeof(kvm_xcr), typeof(kvm_xcrs), typeof(kvm_lapic_state), typeof(kvm_mp_state),
        typeof(kvm_vcpu_events), typeof(kvm_debugregs), typeof(kvm_msr_entry), typeof(kvm_irqchip), typeof(kvm_pit_state2),
        typeof(kvm_pit_config), typeof(kvm_clock_data), typeof(kvm_device_attr), typeof(kvm_ioeventfd), typeof(kvm_irq_level), typeof(kvm_enable_cap),
        typeof(kvm_dirty_log), typeof(kvm_clear_dirty_log), typeof(kvm_dirty_gfn), typeof(kvm_cpuid_entry2), typeof(kvm_run),
    ];

    [CompilerFact]
    public void Structures_and_numbers_are_those_of_the_header()
    {
        var expected = new List<string>();
        var program = new StringBuilder("#include <stdio.h>\n#include <stddef.h>\n#include <linux/kvm.h>\nint main(void) {\n");
        foreach (var type in Structs)
        {
            program.Append($"printf(\"sizeof {type.Name} %zu\\n\", sizeof(struct {type.Name}));\n");
            expected.Add($"sizeof {type.Name} {SizeOf(type)}");
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public))
            {
                var name = type == typeof(kvm_clear_dirty_log) || type == typeof(kvm_dirty_log) ? field.Name
                    : RunMembers.GetValueOrDefault(field.Name, field.Name);
                program.Append($"printf(\"offset {type.Name} {field.Name} %zu\\n\", offsetof(struct {type.Name}, {name}));\n");
                expected.Add($"offset {type.Name} {field.Name} {OffsetOf(type, field)}");
            }
        }

        foreach (var holder in new[] { typeof(KvmIoctl), typeof(KvmCapability), typeof(KvmExit), typeof(KvmValue) })
        {
            foreach (var constant in holder.GetFields(BindingFlags.Static | BindingFlags.NonPublic))
            {
                // MSR numbers are the architecture's; the kernel does not export them.
                if (constant.Name.StartsWith("MSR_", StringComparison.Ordinal))
                    continue;
                program.Append($"printf(\"{constant.Name} %llu\\n\", (unsigned long long)(unsigned)({constant.Name}));\n");
                expected.Add($"{constant.Name} {constant.GetRawConstantValue()}");
            }
        }

        program.Append("return 0;\n}\n");
        Assert.Equal(expected, Run(program.ToString()));
    }

    [Fact]
    public unsafe void Signal_mask_has_the_kernels_set_right_behind_its_length()
    {
        kvm_signal_mask mask = default;
        Assert.Equal(12, sizeof(kvm_signal_mask));
        Assert.Equal(4, (byte*)&mask.sigset - (byte*)&mask);
    }

    // Not Marshal.SizeOf: it knows nothing of inline arrays.
    internal static int SizeOf(Type type) =>
        (int)typeof(System.Runtime.CompilerServices.Unsafe).GetMethod("SizeOf")!.MakeGenericMethod(type).Invoke(null, null)!;

    internal static long OffsetOf(Type type, FieldInfo field)
    {
        if (field.GetCustomAttribute<FieldOffsetAttribute>() is { } at)
            return at.Value;

        // Sequential: by natural alignment, as the C compiler does it.
        long offset = 0;
        foreach (var other in type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public))
        {
            var alignment = Alignment(other.FieldType);
            offset = (offset + alignment - 1) / alignment * alignment;
            if (other == field)
                return offset;
            offset += other.FieldType.IsPointer ? 8 : SizeOf(other.FieldType);
        }

        throw new UnreachableException();
    }

    private static int Alignment(Type type) => type.IsPointer
        ? 8
        : type.IsPrimitive
            ? SizeOf(type)
            : type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public).Max(field => Alignment(field.FieldType));

    internal static string[] Run(string source)
    {
        var folder = Directory.CreateTempSubdirectory("kvm-layout-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "layout.c"), source);
            var compiler = Start(folder.FullName, "cc", "-o", "layout", "layout.c");
            Assert.True(compiler.Code == 0, compiler.Text);
            var result = Start(folder.FullName, Path.Combine(folder.FullName, "layout"));
            Assert.Equal(0, result.Code);
            return result.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        finally
        {
            folder.Delete(true);
        }
    }

    private static (int Code, string Text) Start(string folder, string file, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, text + error.Result);
    }

    internal sealed class CompilerFactAttribute : FactAttribute
    {
        public CompilerFactAttribute()
        {
            if (!File.Exists("/usr/include/linux/kvm.h") || !File.Exists("/usr/bin/cc"))
                Skip = "needs a C compiler and linux/kvm.h (Debian: gcc, linux-libc-dev)";
        }
    }
}
