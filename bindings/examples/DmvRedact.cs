// The filter and the disclosure log for C#, by P/Invoke, over the C library (docs/c.md). A file to copy, for Switch.cs and Corpus.cs.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;

/// What a call failed with: never a value of a message. Nothing may go out then.
sealed class RedactionException : Exception
{
    public RedactionException(string text) : base(text) { }
}

/// Something that a request states.
struct Attribute
{
    /// The header has more.
    public const int Requester = 1, Purpose = 2, Claim = 7, Instrument = 8, Date = 9, CorrelationId = 10;

    public readonly int Name;
    public readonly string Value;

    public Attribute(int name, string value)
    {
        Name = name;
        Value = value;
    }
}

/// What became of a message. The output is empty unless it releases.
sealed class Outcome
{
    public string Disposition, Reason;
    public bool Releases;
    public byte[] Output;
}

/// What a filter is made of. Without a policy, the built-in one.
sealed class Config
{
    public string Policy;
    public byte[] TokenKey = null;

    internal void Use(Action<IntPtr> use)
    {
        IntPtr config;
        C.Check("configuration", C.dmvr_config_new(out config));
        try
        {
            if (Policy != null) C.Check("policy", C.dmvr_config_path(config, C.Policy, C.Text(Policy)));
            if (TokenKey != null)
                C.Check("token key", C.dmvr_config_bytes(config, C.TokenKey, null, TokenKey, (UIntPtr)TokenKey.Length));
            use(config);
        }
        finally
        {
            C.dmvr_config_free(config);
        }
    }
}

/// May be used by any number of threads at once.
sealed class Filter : IDisposable
{
    internal IntPtr Handle;

    public Filter(Config config)
    {
        config.Use(own => C.Check("policy", C.dmvr_filter_new(own, out Handle)));
    }

    /// Puts another configuration in force, on record first if there is a log. If it throws, the one so far stays.
    public void Swap(Config config, DisclosureLog log)
    {
        config.Use(own => C.Check("policy", C.dmvr_filter_swap(Handle, own, log == null ? IntPtr.Zero : log.Handle)));
    }

    public void Dispose()
    {
        C.dmvr_filter_free(Handle);
        Handle = IntPtr.Zero;
    }
}

/// May be used by any number of threads at once.
sealed class DisclosureLog : IDisposable
{
    internal IntPtr Handle;

    public DisclosureLog(string path, Filter filter)
    {
        C.Check("log", C.dmvr_log_open(C.Text(path), filter.Handle, IntPtr.Zero, out Handle));
    }

    /// Records that the process ends.
    public void End()
    {
        C.Check("log", C.dmvr_log_end(Handle, IntPtr.Zero));
    }

    public void Dispose()
    {
        C.dmvr_log_free(Handle);
        Handle = IntPtr.Zero;
    }
}

/// Redacts one message after another: each thread has its own. With a log it records each, as one from this source.
sealed class Redactor : IDisposable
{
    readonly Filter filter;
    readonly DisclosureLog log;
    readonly byte[] source;
    IntPtr request, redaction;

    public Redactor(Filter filter, DisclosureLog log = null, string source = "")
    {
        this.filter = filter;
        this.log = log;
        this.source = C.Text(source);
        C.Check("request", C.dmvr_request_new(out request));
        C.Check("redaction", C.dmvr_redaction_new(out redaction));
    }

    /// Decides a message. With a log, the record is on disk when it returns. If it throws, nothing may go out.
    public Outcome Redact(byte[] message, IEnumerable<Attribute> attributes)
    {
        C.Receipt receipt;
        C.Bytes output;
        C.Check("request", C.dmvr_request_clear(request));
        foreach (var attribute in attributes)
            C.Check("request", C.dmvr_request_set(request, attribute.Name, C.Text(attribute.Value)));
        C.Check("redact", C.dmvr_redact(filter.Handle, request, message, (UIntPtr)message.Length, redaction));
        if (log != null) C.Check("log", C.dmvr_log_append(log.Handle, source, null, request, redaction));
        C.Check("receipt", C.dmvr_receipt_get(redaction, out receipt));
        C.Check("output", C.dmvr_redaction_output(redaction, out output));
        return new Outcome
        {
            Disposition = C.Dispositions[receipt.Disposition],
            Reason = Encoding.UTF8.GetString(receipt.Reason.Copy()),
            Releases = receipt.Releases != 0,
            Output = output.Copy(),
        };
    }

    /// The whole receipt of the last message. It costs about as much as the redaction.
    public byte[] ReceiptJson()
    {
        C.Bytes json;
        C.Check("receipt", C.dmvr_receipt_json(redaction, out json));
        return json.Copy();
    }

    public void Dispose()
    {
        C.dmvr_redaction_free(redaction);
        C.dmvr_request_free(request);
        redaction = request = IntPtr.Zero;
    }
}

/// The C library.
static class C
{
    const string Library = "libdmv_redact.so.0";
    public const int Policy = 1, TokenKey = 6;
    public static readonly string[] Dispositions = { "withheld", "held", "redacted", "released" };

    [StructLayout(LayoutKind.Sequential)]
    public struct Bytes
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
        public IntPtr Message, File;
        public uint Line, Column;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Receipt
    {
        public int Disposition, Releases;
        public Bytes Reason, Detail;
        public long Offset;
        public Bytes Format, MessageType, Requester, CorrelationId;
        public ulong BytesIn, BytesOut;
        public uint Unmapped, FoundImages;
        public ulong ImageBytes;
        public uint Elements, Rules, Duties;
    }

    [DllImport(Library)] public static extern int dmvr_last_error(out Error error);
    [DllImport(Library)] public static extern int dmvr_config_new(out IntPtr config);
    [DllImport(Library)] public static extern int dmvr_config_path(IntPtr config, int part, byte[] path);
    [DllImport(Library)] public static extern int dmvr_config_bytes(IntPtr config, int part, byte[] name, byte[] data, UIntPtr length);
    [DllImport(Library)] public static extern int dmvr_config_free(IntPtr config);
    [DllImport(Library)] public static extern int dmvr_filter_new(IntPtr config, out IntPtr filter);
    [DllImport(Library)] public static extern int dmvr_filter_swap(IntPtr filter, IntPtr config, IntPtr log);
    [DllImport(Library)] public static extern int dmvr_filter_free(IntPtr filter);
    [DllImport(Library)] public static extern int dmvr_log_open(byte[] path, IntPtr filter, IntPtr options, out IntPtr log);
    [DllImport(Library)] public static extern int dmvr_log_append(IntPtr log, byte[] source, byte[] id, IntPtr request, IntPtr redaction);
    [DllImport(Library)] public static extern int dmvr_log_end(IntPtr log, IntPtr head);
    [DllImport(Library)] public static extern int dmvr_log_free(IntPtr log);
    [DllImport(Library)] public static extern int dmvr_request_new(out IntPtr request);
    [DllImport(Library)] public static extern int dmvr_request_set(IntPtr request, int attribute, byte[] value);
    [DllImport(Library)] public static extern int dmvr_request_clear(IntPtr request);
    [DllImport(Library)] public static extern int dmvr_request_free(IntPtr request);
    [DllImport(Library)] public static extern int dmvr_redaction_new(out IntPtr redaction);
    [DllImport(Library)] public static extern int dmvr_redaction_output(IntPtr redaction, out Bytes output);
    [DllImport(Library)] public static extern int dmvr_redaction_free(IntPtr redaction);
    [DllImport(Library)] public static extern int dmvr_redact(IntPtr filter, IntPtr request, byte[] message, UIntPtr length, IntPtr redaction);
    [DllImport(Library)] public static extern int dmvr_receipt_get(IntPtr redaction, out Receipt receipt);
    [DllImport(Library)] public static extern int dmvr_receipt_json(IntPtr redaction, out Bytes json);

    public static void Check(string what, int code)
    {
        if (code == 0) return;
        Error last;
        if (dmvr_last_error(out last) != 0) throw new RedactionException(what + ": code " + code);
        throw new RedactionException(what + ": " + Marshal.PtrToStringAnsi(last.Message));
    }

    /// A text for C ends with a zero. One with a zero inside would be another text there.
    public static byte[] Text(string text)
    {
        if (text.IndexOf('\0') >= 0) throw new RedactionException("a text has a zero");
        return Encoding.UTF8.GetBytes(text + "\0");
    }
}
