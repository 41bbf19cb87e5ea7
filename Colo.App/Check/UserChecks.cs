using Colo.Configuration;
using Colo.Linux;
using Colo.Node;

namespace Colo.Check;

/// <summary>
/// Whether another user, the one that the service runs as, could use the files of a configuration. Root can use them all, so
/// the checks that root runs do not see the commonest mistake: a key or an image that is root's.
/// </summary>
internal sealed class UserChecks(ColoConfiguration configuration, string file, NodeRole role, HostUser user, Findings findings)
{
    /// <summary>The user of the packages' service.</summary>
    internal const string ServiceUser = "colo";

    private readonly List<Need> _needed = [];

    private enum Use
    {
        /// <summary>Is read, and may be anybody's.</summary>
        Read,

        /// <summary>Is read, and has to be that user's own.</summary>
        Own,

        /// <summary>Is read and written.</summary>
        Write,

        /// <summary>A folder, in which files are made.</summary>
        Folder,
    }

    private sealed record Need(string Path, Use Use)
    {
        internal bool IsMet => Use switch
        {
            Use.Folder => Access.MayMakeIn(Path),
            var use => Access.MayOpen(Path, write: use == Use.Write),
        };
    }

    internal void Run()
    {
        Collect();
        var subject = $"user {user.Name}";
        try
        {
            var lacking = user.As(() => _needed.Where(need => !need.IsMet).ToList());
            foreach (var (path, use) in lacking)
            {
                findings.Warning(
                    subject, $"may not {(use switch { Use.Folder => "make files in", Use.Write => "read and write", _ => "read" })} {path}, and the service runs as that user",
                    $"{(use == Use.Read ? $"chgrp {user.Name} {path}; chmod g+r {path}" : $"chown {user.Name}: {path}")}, and let that user pass through the folders above it; colo check --user {user.Name} checks everything as that user");
            }

            if (lacking.Count == 0)
                findings.Ok(subject, "may use the files; colo check --user " + user.Name + " checks everything as that user");
        }
        catch (IOException e)
        {
            findings.Warning(subject, e.Message, $"look for yourself whether the files belong to user {user.Name}");
        }
    }

    private void Collect()
    {
        File(file, Use.Read);
        if (role != NodeRole.Standalone)
            File(configuration.Link.KeyFile, Use.Own);
        if (!configuration.Vm.KernelIsBuiltin)
            File(configuration.Vm.Kernel, Use.Read);
        if (configuration.Vm.Initrd is { } initrd)
            File(initrd, Use.Read);
        foreach (var disk in configuration.Disks)
        {
            if (!File(disk.Path, disk.ReadOnly ? Use.Read : Use.Write) && !disk.ReadOnly)
                Folder(disk.Path);
            if (!disk.ReadOnly && role != NodeRole.Standalone && SecondaryDisks.FilesOf(disk.Path, configuration.Vm.StateDirectory, configuration.Vm.Name).LogPath is { } log)
                Folder(log);
        }

        if (role != NodeRole.Standalone && NodeHistory.PathOf(configuration) is { } record && !File(record, Use.Write))
            Folder(record);
    }

    // What is not there is told by the other checks.
    private bool File(string path, Use use)
    {
        var there = System.IO.File.Exists(path);
        if (there)
            Add(path, use);
        return there;
    }

    private void Folder(string file)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(file)) ?? "/";
        if (Directory.Exists(folder))
            Add(folder, Use.Folder);
    }

    private void Add(string path, Use use)
    {
        var need = new Need(Path.GetFullPath(path), use);
        if (!_needed.Contains(need))
            _needed.Add(need);
    }
}
