// The filter from C#, by P/Invoke: Corpus ROOT. It redacts one message, then every line of fixtures/corpus.tsv.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

static class Dmvr
{
    const string Library = "libdmv_redact.so.0";

    [StructLayout(LayoutKind.Sequential)]
    public struct Text
    {
        public IntPtr Data;
        public UIntPtr Length;

        public byte[] Copy()
        {
            var bytes = new byte[(int)Length];
            if (bytes.Length > 0) Marshal.Copy(Data, bytes, 0, bytes.Length);
            return bytes;
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Error
    {
        public int Code;
        public IntPtr Message, Help, File;
        public uint Line, Column;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Receipt
    {
        public int Disposition, Releases;
        public Text Reason, Detail;
        public long Offset;
        public Text Format, MessageType, Requester, CorrelationId;
        public ulong BytesIn, BytesOut;
        public uint Unmapped, FoundImages;
        public ulong ImageBytes;
        public uint Elements, Rules, Duties;
    }

    public const int Policy = 1, TokenKey = 6;
    public const int Requester = 1, Purpose = 2, Claim = 7, Instrument = 8, Date = 9;

    [DllImport(Library)] public static extern int dmvr_last_error(out Error error);
    [DllImport(Library)] public static extern int dmvr_config_new(out IntPtr config);
    [DllImport(Library)] public static extern int dmvr_config_path(IntPtr config, int part, byte[] path);
    [DllImport(Library)] public static extern int dmvr_config_bytes(IntPtr config, int part, byte[] name, byte[] data, UIntPtr length);
    [DllImport(Library)] public static extern int dmvr_config_free(IntPtr config);
    [DllImport(Library)] public static extern int dmvr_filter_new(IntPtr config, out IntPtr filter);
    [DllImport(Library)] public static extern int dmvr_filter_free(IntPtr filter);
    [DllImport(Library)] public static extern int dmvr_request_new(out IntPtr request);
    [DllImport(Library)] public static extern int dmvr_request_set(IntPtr request, int attribute, byte[] value);
    [DllImport(Library)] public static extern int dmvr_request_free(IntPtr request);
    [DllImport(Library)] public static extern int dmvr_redaction_new(out IntPtr redaction);
    [DllImport(Library)] public static extern int dmvr_redaction_output(IntPtr redaction, out Text output);
    [DllImport(Library)] public static extern int dmvr_redaction_free(IntPtr redaction);
    [DllImport(Library)] public static extern int dmvr_redact(IntPtr filter, IntPtr request, byte[] message, UIntPtr length, IntPtr redaction);
    [DllImport(Library)] public static extern int dmvr_receipt_get(IntPtr redaction, out Receipt receipt);
    [DllImport(Library)] public static extern int dmvr_receipt_json(IntPtr redaction, out Text json);

    public static void Check(int code)
    {
        if (code == 0) return;
        Error last;
        if (dmvr_last_error(out last) != 0) throw new Exception("code " + code);
        var place = last.File == IntPtr.Zero ? "" : Marshal.PtrToStringAnsi(last.File) + ":" + last.Line + ":" + last.Column + ": ";
        throw new Exception(place + Marshal.PtrToStringAnsi(last.Message));
    }

    // A text for C ends with a zero.
    public static byte[] C(string text)
    {
        return Encoding.UTF8.GetBytes(text + "\0");
    }
}

/// May be used by any number of threads at once. Without a policy it has the built-in one.
sealed class Filter : IDisposable
{
    IntPtr handle;

    public Filter(string policy = null, byte[] tokenKey = null)
    {
        IntPtr config;
        Dmvr.Check(Dmvr.dmvr_config_new(out config));
        try
        {
            if (policy != null) Dmvr.Check(Dmvr.dmvr_config_path(config, Dmvr.Policy, Dmvr.C(policy)));
            if (tokenKey != null)
                Dmvr.Check(Dmvr.dmvr_config_bytes(config, Dmvr.TokenKey, null, tokenKey, (UIntPtr)tokenKey.Length));
            Dmvr.Check(Dmvr.dmvr_filter_new(config, out handle));
        }
        finally
        {
            Dmvr.dmvr_config_free(config);
        }
    }

    /// The output is empty unless the disposition releases.
    public Outcome Redact(byte[] message, IEnumerable<KeyValuePair<int, string>> attributes)
    {
        IntPtr request, redaction = IntPtr.Zero;
        Dmvr.Check(Dmvr.dmvr_request_new(out request));
        try
        {
            Dmvr.Check(Dmvr.dmvr_redaction_new(out redaction));
            foreach (var attribute in attributes) Dmvr.Check(Dmvr.dmvr_request_set(request, attribute.Key, Dmvr.C(attribute.Value)));
            Dmvr.Check(Dmvr.dmvr_redact(handle, request, message, (UIntPtr)message.Length, redaction));
            Dmvr.Receipt receipt;
            Dmvr.Text output, json;
            Dmvr.Check(Dmvr.dmvr_receipt_get(redaction, out receipt));
            Dmvr.Check(Dmvr.dmvr_redaction_output(redaction, out output));
            Dmvr.Check(Dmvr.dmvr_receipt_json(redaction, out json));
            return new Outcome { Disposition = receipt.Disposition, Output = output.Copy(), Json = json.Copy() };
        }
        finally
        {
            Dmvr.dmvr_redaction_free(redaction);
            Dmvr.dmvr_request_free(request);
        }
    }

    public void Dispose()
    {
        Dmvr.Check(Dmvr.dmvr_filter_free(handle));
        handle = IntPtr.Zero;
    }
}

sealed class Outcome
{
    public int Disposition;
    public byte[] Output, Json;
}

static class Corpus
{
    static readonly int[] Attributes = { Dmvr.Requester, Dmvr.Purpose, Dmvr.Claim, Dmvr.Instrument, Dmvr.Date };
    static readonly string[] Dispositions = { "withheld", "held", "redacted", "released" };

    static string Digest(byte[] bytes)
    {
        using (var sha256 = SHA256.Create())
            return BitConverter.ToString(sha256.ComputeHash(bytes)).Replace("-", "").ToLowerInvariant();
    }

    static void Main(string[] arguments)
    {
        var root = arguments[0];
        var police = new[] { new KeyValuePair<int, string>(Dmvr.Requester, "AZ0070000") };
        using (var filter = new Filter())
        {
            var outcome = filter.Redact(File.ReadAllBytes(Path.Combine(root, "fixtures/dr-in-state-police/message.xml")), police);
            var output = Encoding.UTF8.GetString(outcome.Output);
            if (!output.Contains("JORDAN") || output.Contains("900-12-3456"))
                throw new Exception("the output isn't what the policy permits");
        }

        var filters = new Dictionary<string, Filter>();
        var lines = File.ReadAllLines(Path.Combine(root, "fixtures/corpus.tsv")).Skip(1).ToList();
        foreach (var line in lines)
        {
            var field = line.Split('\t');
            Filter filter;
            if (!filters.TryGetValue(field[0], out filter))
            {
                var policy = field[0] == "-" ? null : Path.Combine(root, field[0]);
                filters[field[0]] = filter = new Filter(policy, field[1] == "-" ? null : Encoding.UTF8.GetBytes(field[1]));
            }
            var stated = from number in Enumerable.Range(0, Attributes.Length)
                         from word in field[3 + number].Split(' ')
                         where word != "-"
                         select new KeyValuePair<int, string>(Attributes[number], word);
            var outcome = filter.Redact(File.ReadAllBytes(Path.Combine(root, field[2])), stated);
            var found = string.Join("\t", Dispositions[outcome.Disposition], Digest(outcome.Output), Digest(outcome.Json));
            if (found != string.Join("\t", field.Skip(8))) throw new Exception(line);
        }
        foreach (var filter in filters.Values) filter.Dispose();
        Console.WriteLine("C#: " + lines.Count + " lines of the corpus");
    }
}
