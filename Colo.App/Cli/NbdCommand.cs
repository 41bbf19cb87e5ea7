using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Colo.Block;
using Colo.Block.Nbd;
using Colo.Block.Replication;
using Colo.Configuration;
using Colo.Linux;
using Colo.Monitor;

namespace Colo.Cli;

/// <summary><c>colo nbd</c>: serves an image over NBD.</summary>
internal static class NbdCommand
{
    // sun_path of struct sockaddr_un, with its zero.
    private const int MaxSocketPath = 107;

    private const int DiskThreads = 8;

    internal static Command Create()
    {
        var image = new Option<string>("--image")
        {
            Description = "The image: a raw file or a block device. No one else may have it open",
            HelpName = "FILE",
            Required = true,
        };
        var readOnly = new Option<bool>("--readonly") { Description = "Nothing is written. Several servers may then share the image" };
        var size = new Option<string>("--size")
        {
            Description = "Makes the image, sparse, when there is none; one that exists has to have this size",
            HelpName = "SIZE",
        };
        var socket = new Option<string>("--socket")
        {
            Description = "The Unix socket to listen on, for this user alone. Default: /run/colo/nbd-FILE.sock",
            HelpName = "PATH",
        };
        var listen = new Option<string>("--listen")
        {
            Description = "An address of this host and a TCP port, instead of a socket. A loopback address, unless --tls-ca is given",
            HelpName = "ADDR:PORT",
        };
        var certificate = new Option<string>("--tls-cert")
        {
            Description = "Clients have to begin TLS; this is the certificate that they are shown, in PEM",
            HelpName = "FILE",
        };
        var key = new Option<string>("--tls-key") { Description = "The certificate's private key, in PEM", HelpName = "FILE" };
        var authority = new Option<string>("--tls-ca")
        {
            Description = "Clients have to show a certificate that this authority has signed; a file in PEM",
            HelpName = "FILE",
        };
        var command = new CommandWithExamples(
            "nbd",
            "Serves a disk image over NBD",
            """
            Runs until SIGTERM or Ctrl-C; then what was begun is finished and flushed. Prints the NBD URI that
            clients take (nbdinfo, nbdcopy, qemu-img, nbd-client). NBD asks for no key: the socket's
            permissions protect the image, and TCP is allowed on loopback addresses only, where each user of
            this machine can connect. To reach it from elsewhere, forward the socket with ssh -L, or have the
            clients show a certificate: with --tls-ca it listens on any address.
            """,
            """
            colo nbd --image /var/lib/colo/web1/root.img --readonly
            colo nbd --image new.img --size 10G --socket /tmp/new.sock
            colo nbd --image root.img --listen 127.0.0.1:10809
            colo nbd --image root.img --listen 192.0.2.7:10809 --tls-cert me.pem --tls-key me.key --tls-ca ca.pem
            """)
        {
            image, readOnly, size, socket, listen, certificate, key, authority,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(socket) is not null && result.GetResult(listen) is not null)
                result.AddError("--socket and --listen exclude each other: one of them says where to listen.");
            if (result.GetResult(readOnly) is { Implicit: false } && result.GetResult(size) is not null)
                result.AddError("--readonly and --size exclude each other: nothing is made for reading.");
        });
        command.Validators.Add(result =>
        {
            if (result.GetResult(certificate) is null != result.GetResult(key) is null)
                result.AddError("--tls-cert and --tls-key belong together: a certificate and its private key.");
            else if (result.GetResult(authority) is not null && result.GetResult(certificate) is null)
                result.AddError("--tls-ca needs --tls-cert and --tls-key: without a certificate of its own the server cannot speak TLS.");
        });
        size.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !(ValueParsers.Size(result.Tokens[0].Value, out var bytes) && bytes > 0))
                result.AddError("--size takes a size in K, M or G, for example 10G.");
        });
        listen.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !(HostPort.TryParse(result.Tokens[0].Value, out var place) && place.Address is not null))
                result.AddError("--listen takes ADDR:PORT or [IPV6]:PORT, for example 127.0.0.1:10809.");
        });
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(image);
            if (path.Length == 0)
                throw new UsageException("--image needs the name of a file");
            var where = parsed.GetValue(listen) is { } text ? Tcp(text) : Unix(path, parsed.GetValue(socket));
            if (where is NbdAddress.Tcp { Address: var address } && !IPAddress.IsLoopback(address) && parsed.GetValue(authority) is null)
            {
                parsed.InvocationConfiguration.Error.WriteLine(
                    $"colo: {address} is no loopback address, and NBD asks for no key; listen on 127.0.0.1 or [::1], or on a socket, and forward it with ssh -L, " +
                    "or say with --tls-ca whose clients may connect");
                return ExitStatus.Refused;
            }

            if (!parsed.GetValue(readOnly) && (File.Exists(path + ".colo") ? path + ".colo" : PairMark.RecordOf(path)) is { } record)
            {
                parsed.InvocationConfiguration.Error.WriteLine(
                    $"colo: {path} is a disk of a pair: {record} notes every change, and would not know of those made here, so the other node's image would go on to differ. " +
                    $"Serve it with --readonly, or remove {record}: then all of the pair's disks is compared when the two nodes meet again");
                return ExitStatus.Refused;
            }

            long bytes = 0;
            if (parsed.GetValue(size) is { } wanted)
                ValueParsers.Size(wanted, out bytes);
            var tls = parsed.GetValue(certificate) is { } file ? NbdTls.Load(file, parsed.GetRequiredValue(key), parsed.GetValue(authority)) : null;
            return Run(path, parsed.GetValue(readOnly), bytes, where, tls, parsed.InvocationConfiguration.Output);
        });
        return command;
    }

    private static int Run(string path, bool readOnly, long size, NbdAddress where, NbdTls? tls, TextWriter output)
    {
        if (!readOnly && size == 0 && !File.Exists(path))
            throw new IOException($"{path}: there is no such image; --size makes one");
        using var loop = new EventLoop();
        using var backend = new ImageFileBackend(path, size, readOnly, loop, DiskThreads);
        if (size != 0 && backend.Size + backend.UnusedTail != size)
            throw new UsageException(Different(path, backend.Size + backend.UnusedTail, size));
        if (backend.UnusedTail != 0)
            Log.Warning($"{path}: its last {backend.UnusedTail} bytes are no whole sector and are not served");
        using var server = new NbdServer(
            [new NbdExport("", backend) { Description = $"colo: {Path.GetFileName(path)}" }], new NbdServerOptions { Tls = tls }, loop);
        using var listener = new NbdListener(where, loop, server.Serve);
        var error = 0;
        var stopping = false;

        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true;
            loop.Post(() =>
            {
                if (stopping)
                    return;
                stopping = true;
                listener.Dispose();
                server.Stop(result =>
                {
                    error = result;
                    loop.Stop();
                });
            });
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        output.WriteLine(listener.Address.UriWith(tls is not null));
        output.Flush();
        loop.Run();
        // What the server has sent may be on its way through TLS; who does not take it is left behind in less than this.
        tls?.WaitForClosed(TimeSpan.FromSeconds(10));
        if (error != 0)
            throw new LinuxException($"{path}: the last flush; the image may lack what was written", error);
        return ExitStatus.Done;
    }

    private static string Different(string path, long found, long wanted) => string.Create(
        CultureInfo.InvariantCulture,
        $"--size: {path} exists with {ValueParsers.Write(found)}, not {ValueParsers.Write(wanted)}; leave --size out to serve it as it is");

    private static NbdAddress Tcp(string text)
    {
        HostPort.TryParse(text, out var place);
        return new NbdAddress.Tcp(place.Address!, place.Port);
    }

    private static NbdAddress Unix(string image, string? path)
    {
        if (path is null)
        {
            const string directory = "/run/colo";
            path = $"{directory}/nbd-{Path.GetFileName(Path.GetFullPath(image))}.sock";
            try
            {
                Directory.CreateDirectory(directory);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new UsageException($"{directory} cannot be made by this user ({e.Message}); --socket PATH names another place");
            }
        }
        else if (path.Length == 0)
        {
            throw new UsageException("--socket needs the name of a socket");
        }

        path = Path.GetFullPath(path);
        if (System.Text.Encoding.UTF8.GetByteCount(path) > MaxSocketPath)
            throw new UsageException($"--socket: {path} is longer than the {MaxSocketPath} bytes that a socket's name may have");
        return new NbdAddress.Unix(path);
    }
}
