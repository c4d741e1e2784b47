// Asks a dmv-redact sidecar over HTTP. A file to copy; it needs nothing but .NET, or Mono.
//
//   var client = new DmvRedactClient("/run/dmv-redact/http.sock"); // or "http://127.0.0.1:8080"; it has no https
//   byte[] output = client.Redact(message, "requester", "AZ0070000", "purpose", "C");
//   // Forward the output; forward nothing if it throws.
//
// A connection and a deadline for each call; no retry, no redirect, no proxy. Threads may share a client.
using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;

/// Nothing may go out. What the sidecar doesn't say is null.
public sealed class Withheld : Exception
{
    public readonly string Disposition, Reason, Review;

    public Withheld(string why, string disposition = null, string reason = null, string review = null) : base(why)
    {
        Disposition = disposition;
        Reason = reason;
        Review = review;
    }
}

public sealed class DmvRedactClient
{
    /// The deadline is in milliseconds, the limit in bytes of output.
    public int Deadline = 10000, Limit = 16 << 20;
    const string Word = "[A-Za-z0-9_.:-]{1,64}";
    readonly string address;
    /// Null for a Unix socket, whose path is the address.
    readonly Uri url;

    public DmvRedactClient(string address)
    {
        this.address = address;
        url = address.Contains("://") ? new Uri(address) : null;
        if (url != null && url.Scheme != "http") throw new ArgumentException("neither a path nor http://HOST:PORT");
    }

    /// The output for a message. Attributes are names and values, named as the protocol's headers, a pair for each claim. `review` asks for a
    /// held message; the message is empty.
    public byte[] Redact(byte[] message, params string[] attributes)
    {
        string id = Guid.NewGuid().ToString(), review = null, head = "";
        for (var i = 0; i < attributes.Length; i += 2)
        {
            string name = attributes[i], value = attributes[i + 1];
            // Nothing that could end a header, or be changed in one.
            if (!Is(name, "[a-z][a-z-]*") || !Is(value, "[!-~]([ -~]*[!-~])?")) throw new Withheld("an attribute can't be sent");
            if (name == "correlation-id") id = value;
            else if (name == "review") review = value;
            else head += "dmv-" + name + ": " + value + "\r\n";
        }
        if (!Is(id, Word) || !Is(review ?? id, Word)) throw new Withheld("an attribute can't be sent");
        var path = review == null ? "/v1/redact" : "/v1/reviews/" + review + "/deliver";
        head = "POST " + path + " HTTP/1.1\r\nhost: " + (url == null ? "localhost" : url.Authority) + "\r\n" + head
            + "dmv-correlation-id: " + id + "\r\nconnection: close\r\ncontent-length: " + message.Length + "\r\n\r\n";
        byte[] answer;
        try { answer = Exchange(Encoding.ASCII.GetBytes(head), message); }
        catch (Exception) { throw new Withheld("no answer in time"); }
        // In ISO 8859-1, whose chars are the bytes.
        var text = Encoding.GetEncoding(28591).GetString(answer, 0, Math.Min(answer.Length, 65536));
        var end = Math.Max(text.IndexOf("\r\n\r\n", StringComparison.Ordinal), 0);
        var lines = text.Substring(0, end).Split(new[] { "\r\n" }, StringSplitOptions.None);
        if (!Is(lines[0], @"HTTP/1\.1 [0-9]{3}( [\t -~]*)?") || !lines.Skip(1).All(line => Is(line, @"[!-9;-~]+:[\t -~]*")))
            throw new Withheld("no answer of HTTP/1.1");
        var fields = lines.Skip(1).ToLookup(line => line.Split(':')[0].ToLowerInvariant(), line => line.Substring(line.IndexOf(':') + 1).Trim());
        Func<string, string> once = name => fields[name].Count() == 1 ? fields[name].First() : null;
        var body = new byte[answer.Length - end - 4];
        Array.Copy(answer, end + 4, body, 0, body.Length);
        string status = lines[0].Substring(9, 3), disposition = once("dmv-disposition");
        var isOwn = once("dmv-correlation-id") == id;
        // A sidecar states the length: an answer in chunks or in gzip was changed on its way.
        var isWhole = body.Length > 0 && body.Length <= Limit && once("content-length") == body.Length.ToString()
            && !fields.Contains("transfer-encoding") && !fields.Contains("content-encoding");
        var isRelease = disposition == "released" || disposition == "redacted";
        if (status == "200" && isRelease && isOwn && isWhole && Digest(body) == once("dmv-sha256")) return body;
        if (isOwn && (disposition == "held" || disposition == "withheld"))
            throw new Withheld(disposition, disposition, WordOf(once("dmv-reason")), WordOf(once("dmv-review")));
        throw new Withheld("no release, with status " + status);
    }

    static bool Is(string text, string pattern)
    {
        return Regex.IsMatch(text, "\\A(?:" + pattern + ")\\z");
    }

    static string WordOf(string text)
    {
        return text != null && Is(text, Word) ? text : null;
    }

    static string Digest(byte[] body)
    {
        using (var sha = SHA256.Create()) return BitConverter.ToString(sha.ComputeHash(body)).Replace("-", "").ToLowerInvariant();
    }

    byte[] Exchange(byte[] head, byte[] message)
    {
        var place = url == null ? (EndPoint)new UnixDomainSocketEndPoint(address)
            : new IPEndPoint(Dns.GetHostAddresses(url.DnsSafeHost)[0], url.Port);
        var kind = place.AddressFamily == AddressFamily.Unix ? ProtocolType.Unspecified : ProtocolType.Tcp;
        using (var socket = new Socket(place.AddressFamily, SocketType.Stream, kind))
        // Whatever waits for the socket fails then.
        using (new Timer(_ => socket.Close(), null, Deadline, Timeout.Infinite))
        {
            socket.Connect(place);
            using (var stream = new NetworkStream(socket))
            {
                stream.Write(head, 0, head.Length);
                stream.Write(message, 0, message.Length);
                var answer = new MemoryStream();
                var part = new byte[65536];
                for (int count; (count = stream.Read(part, 0, part.Length)) > 0;)
                {
                    answer.Write(part, 0, count);
                    if (answer.Length > Limit + part.Length) throw new IOException();
                }
                return answer.ToArray();
            }
        }
    }
}
