using System.Security.Cryptography;
using System.Text;

// The whole program is for Linux only.
#pragma warning disable CA1416

namespace Colo.Link;

/// <summary>A key file that cannot be used; the message names the file and the mend.</summary>
public sealed class LinkKeyException(string message) : IOException(message);

/// <summary>
/// The secret that both nodes hold: 32 random bytes. In its file it is one line of text:
/// <c>colo-link-key-1</c>, a space, 64 hexadecimal digits.
/// </summary>
public sealed class LinkKey
{
    /// <summary>Bytes of a key.</summary>
    public const int Length = 32;

    private const string Prefix = "colo-link-key-1 ";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute |
        UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private readonly byte[] _bytes;

    /// <summary>Takes a copy of 32 bytes.</summary>
    public LinkKey(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
            throw new ArgumentException($"a link key has {Length} bytes, not {bytes.Length}", nameof(bytes));
        _bytes = bytes.ToArray();
    }

    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Names the pair that has this key where others can read it: 16 hexadecimal digits, of which the key does not follow.</summary>
    public string PairId => LinkSecrets.PairId(this);

    /// <summary>Draws a new key.</summary>
    public static LinkKey Generate() => new(RandomNumberGenerator.GetBytes(Length));

    /// <summary>Draws a new key and writes it to a file that does not exist yet, mode 0600, synced.</summary>
    /// <exception cref="LinkKeyException">The file exists, or cannot be written.</exception>
    public static LinkKey Create(string path)
    {
        var key = Generate();
        FileStream file;
        try
        {
            file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = OwnerOnly,
            });
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new LinkKeyException($"{path}: exists already; a key is never overwritten: remove it first, or name another file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LinkKeyException($"{path}: cannot be created: {e.Message}");
        }

        try
        {
            using (file)
            {
                file.Write(Encoding.ASCII.GetBytes(Prefix + Convert.ToHexStringLower(key._bytes) + "\n"));
                file.Flush(flushToDisk: true);
            }
        }
        catch (IOException e)
        {
            File.Delete(path);
            throw new LinkKeyException($"{path}: cannot be written: {e.Message}");
        }

        return key;
    }

    /// <summary>Reads a key file.</summary>
    /// <exception cref="LinkKeyException">Missing, open to others, or not a key.</exception>
    public static LinkKey Load(string path)
    {
        Span<byte> text = stackalloc byte[256];
        int length;
        try
        {
            using var file = File.OpenHandle(path);
            var mode = File.GetUnixFileMode(file);
            if ((mode & Others) != 0)
            {
                throw new LinkKeyException(
                    $"{path}: others than the owner have access (mode {Convert.ToString((int)mode, 8).PadLeft(4, '0')}); mend it with: chmod 600 {path}");
            }

            length = RandomAccess.Read(file, text, 0);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LinkKeyException($"{path}: no such file; make one with 'colo keygen {path}' and copy it to the other node");
        }
        catch (Exception e) when (e is not LinkKeyException && e is IOException or UnauthorizedAccessException)
        {
            throw new LinkKeyException(
                $"{path}: cannot be read: {e.Message.TrimEnd('.')}; it has to belong to the user of the node, who alone may read it, and its folders have to let that user pass: chown {Environment.UserName}: {path}");
        }

        var key = Parse(text[..length], path);
        CryptographicOperations.ZeroMemory(text);
        return key;
    }

    private static LinkKey Parse(ReadOnlySpan<byte> text, string path)
    {
        const int Digits = Length * 2;
        if (text.Length == 0)
            throw new LinkKeyException($"{path}: is empty; make a key with 'colo keygen' under another name");
        while (text.Length > 0 && text[^1] is (byte)'\n' or (byte)'\r')
            text = text[..^1];
        if (!text.StartsWith("colo-link-key-1 "u8))
            throw new LinkKeyException($"{path}: is not a link key: one line '{Prefix.TrimEnd()} ' and {Digits} hexadecimal digits are expected");
        var digits = text[Prefix.Length..];
        if (digits.Length != Digits)
            throw new LinkKeyException($"{path}: the key has {digits.Length} digits where {Digits} are expected; copy the file again");
        Span<byte> bytes = stackalloc byte[Length];
        if (Convert.FromHexString(digits, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
            throw new LinkKeyException($"{path}: the key has characters that are not hexadecimal digits; copy the file again");
        var key = new LinkKey(bytes);
        CryptographicOperations.ZeroMemory(bytes);
        return key;
    }
}
