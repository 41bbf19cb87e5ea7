using System.Security.Cryptography;

namespace Colo.Link;

/// <summary>The key derivations and proofs of the handshake (<see cref="LinkProtocol"/>).</summary>
internal static class LinkSecrets
{
    internal const int HashLength = 32;

    internal static byte[] Authentication(LinkKey key) => Derive(key, [], "colo link 1 authentication"u8);

    /// <summary>A name for the pair that has this key, the same on both nodes: it tells nothing of the key.</summary>
    internal static string PairId(LinkKey key) => Convert.ToHexStringLower(Derive(key, [], "colo pair id"u8).AsSpan(0, 8));

    internal static byte[] Channel(LinkKey key, ReadOnlySpan<byte> transcript, bool fromDialler) =>
        Derive(key, transcript, fromDialler ? "colo link 1 dialler to listener"u8 : "colo link 1 listener to dialler"u8);

    /// <summary>HMAC over label, a zero byte (no label is another's beginning) and the parts, of fixed length but the last.</summary>
    internal static void Proof(
        ReadOnlySpan<byte> authentication,
        ReadOnlySpan<byte> label,
        ReadOnlySpan<byte> transcript,
        ReadOnlySpan<byte> before,
        ReadOnlySpan<byte> more,
        Span<byte> proof)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, authentication);
        mac.AppendData(label);
        mac.AppendData([0]);
        mac.AppendData(transcript);
        mac.AppendData(before);
        mac.AppendData(more);
        mac.GetHashAndReset(proof);
    }

    private static byte[] Derive(LinkKey key, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> info)
    {
        var derived = new byte[HashLength];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key.Bytes, derived, salt, info);
        return derived;
    }
}

/// <summary>Seals or opens the records of one direction, in order. Nothing is allocated per record.</summary>
internal sealed class RecordCipher : IDisposable
{
    private readonly AesGcm _cipher;
    private ulong _number;

    internal RecordCipher(ReadOnlySpan<byte> key) => _cipher = new AesGcm(key, LinkProtocol.TagLength);

    /// <summary>Encrypts in place.</summary>
    internal void Seal(ReadOnlySpan<byte> header, Span<byte> content, Span<byte> tag)
    {
        Span<byte> nonce = stackalloc byte[12];
        _cipher.Encrypt(Nonce(nonce), content, content, tag, header);
    }

    /// <summary>Decrypts in place; false when the record is not the next one that the peer sealed.</summary>
    internal bool Open(ReadOnlySpan<byte> header, Span<byte> content, ReadOnlySpan<byte> tag)
    {
        Span<byte> nonce = stackalloc byte[12];
        try
        {
            _cipher.Decrypt(Nonce(nonce), content, tag, content, header);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => _cipher.Dispose();

    private ReadOnlySpan<byte> Nonce(Span<byte> nonce)
    {
        nonce[..4].Clear();
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(nonce[4..], _number++);
        return nonce;
    }
}
