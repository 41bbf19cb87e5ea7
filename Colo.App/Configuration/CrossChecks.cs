namespace Colo.Configuration;

/// <summary>What has to agree between keys that are each right by themselves.</summary>
internal static class CrossChecks
{
    internal static void Run(ColoConfiguration c, SectionReaders readers, NodeRole? role)
    {
        CheckVm(c.Vm, readers.Vm);
        CheckTimes(c, readers);
        CheckTwice(readers.Disks, c.Disks, "path", d => d.Path.Length == 0 ? null : d.Path, d => d.Name, "a path of its own for each disk");
        CheckTwice(readers.Nics, c.Nics, "mac", n => n.Mac == default ? null : n.Mac.ToString(), n => n.Name, "a MAC address of its own for each NIC");
        CheckTwice(readers.Nics, c.Nics, "backend", n => n.Backend.Interface.Length == 0 ? null : n.Backend.Interface, n => n.Name, "a host interface of its own for each NIC");
        CheckLink(c.Link, readers.Link, role);
        CheckArbiter(c.Failover.Arbiter, readers.Failover, role);
    }

    private static void CheckVm(VmConfiguration vm, SectionReader s)
    {
        if (!vm.KernelIsBuiltin || !s.Valid("kernel"))
            return;
        if (vm.Initrd is not null)
            s.Error("initrd", $"found {ConfigurationError.Quote(vm.Initrd)} with kernel = {vm.Kernel}", "an initrd only with a kernel of your own");
        if (s.Has("devices") && s.Valid("devices"))
            s.Error("devices", $"given with kernel = {vm.Kernel}", "this key only with a kernel of your own");
    }

    private static void CheckTimes(ColoConfiguration c, SectionReaders readers)
    {
        var (interval, minimum) = (c.Checkpoint.Interval, c.Checkpoint.Minimum);
        if (minimum > interval && readers.Checkpoint.Valid("minimum", "interval"))
        {
            // The key that the user wrote is the one to mend.
            var s = readers.Checkpoint;
            if (s.Has("minimum") || !s.Has("interval"))
                s.Error("minimum", Found(minimum), $"at most the interval ({ValueParsers.Write(interval)})");
            else
                s.Error("interval", Found(interval), $"at least the minimum ({ValueParsers.Write(minimum)})");
        }

        var f = readers.Failover;
        var (heartbeat, timeout, slow) = (c.Failover.Heartbeat, c.Failover.Timeout, c.Failover.Slow);
        if (heartbeat * 3 > timeout && f.Valid("heartbeat", "timeout"))
        {
            if (f.Has("timeout") || !f.Has("heartbeat"))
                f.Error("timeout", Found(timeout), $"at least three heartbeats ({ValueParsers.Write(heartbeat * 3)})");
            else
                f.Error("heartbeat", Found(heartbeat), $"at most a third of the timeout ({ValueParsers.Write(timeout)})");
        }

        if (slow < timeout && f.Valid("slow", "timeout"))
        {
            if (f.Has("slow") || !f.Has("timeout"))
                f.Error("slow", Found(slow), $"at least the timeout ({ValueParsers.Write(timeout)})");
            else
                f.Error("timeout", Found(timeout), $"at most slow ({ValueParsers.Write(slow)})");
        }
    }

    private static void CheckTwice<T>(
        IReadOnlyList<SectionReader> readers, IReadOnlyList<T> items, string key, Func<T, string?> value, Func<T, string> name, string accepted)
    {
        var first = new Dictionary<string, T>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
        {
            if (value(items[i]) is { } text && !first.TryAdd(text, items[i]))
                readers[i].Error(key, $"found {ConfigurationError.Quote(text)}, which {name(first[text])} has already", accepted);
        }
    }

    private static void CheckLink(LinkConfiguration link, SectionReader s, NodeRole? role)
    {
        if (link.NodeA is { } a && a == link.NodeB)
            s.Error("node-b", $"found {ConfigurationError.Quote(a.ToString())}, which is node-a", "two different addresses for node-a and node-b");
        var pair = role is NodeRole.Primary or NodeRole.Secondary or NodeRole.Auto;
        if (!s.Has("node-a") && (pair || s.Has("node-b")))
            s.Error("node-a", "missing", HostPort.Accepted);
        if (!s.Has("node-b") && (pair || s.Has("node-a")))
            s.Error("node-b", "missing", HostPort.Accepted);
        if (pair && !File.Exists(link.KeyFile))
            s.Error("key-file", $"no file {ConfigurationError.Quote(link.KeyFile)}", "a key that both nodes hold: make one with 'colo keygen FILE' and copy it to the other node");
    }

    private static void CheckArbiter(ArbiterConfiguration? arbiter, SectionReader s, NodeRole? role)
    {
        if (!s.Valid("arbiter", "arbiter-ca", "arbiter-cert", "arbiter-key"))
            return;
        if (arbiter is not { IsTls: true })
        {
            foreach (var key in (string[])["arbiter-ca", "arbiter-cert", "arbiter-key"])
            {
                if (s.Has(key))
                    s.Error(key, arbiter is null ? "given without an arbiter" : "given with an arbiter at http", "this key only with arbiter = etcd:https://HOST:PORT");
            }

            return;
        }

        if (arbiter.CertificateFile is null != arbiter.KeyFile is null)
            s.Error(arbiter.KeyFile is null ? "arbiter-key" : "arbiter-cert", "missing", "arbiter-cert and arbiter-key together, or neither");
        if (role is not (NodeRole.Primary or NodeRole.Secondary or NodeRole.Auto))
            return;
        foreach (var (key, path) in new[] { ("arbiter-ca", arbiter.CaFile), ("arbiter-cert", arbiter.CertificateFile), ("arbiter-key", arbiter.KeyFile) })
        {
            if (path is not null && !File.Exists(path))
                s.Error(key, $"no file {ConfigurationError.Quote(path)}", "a file in PEM on this node");
        }
    }

    private static string Found(TimeSpan time) => $"found {ValueParsers.Write(time)}";
}
