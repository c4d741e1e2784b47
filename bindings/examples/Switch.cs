// A message switch on one page: it takes messages from stdin, redacts them, records them, and forwards them to stdout.
//
//   mcs -out:switch.exe Switch.cs DmvRedact.cs
//   MONO_DEBUG=no-gdb-backtrace MONO_CRASH_NOFILE=1 mono switch.exe POLICY LOG <queue >line
//
// A message in the queue is a line `ORI PURPOSE ID LENGTH`, then so many bytes; a purpose of `-` is none. On the line it is
// `ID LENGTH`, then so many bytes: 0 if nothing may go out. What the switch sends comes from `Redact` alone, which returns when the
// record is on disk. Killed, without memory, without disk, with a broken policy: it sends nothing.
//
// It loads the policy again when the file's time has changed: touch it after a change of a roster. Mono can't handle SIGHUP without
// Mono.Posix, and ends by it; from .NET 6, `PosixSignalRegistration` is there for that.
using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

static class Switch
{
    const int MaxMessage = 16 << 20, MaxHead = 128;
    static readonly Regex Head = new Regex(@"^(\S{1,9}) (\S{1,8}) (\S{1,64}) ([0-9]{1,8})$");
    // Each byte is a character, and the same byte again.
    static readonly Encoding Latin1 = Encoding.GetEncoding("iso-8859-1");

    sealed class Message
    {
        public List<Attribute> Request;
        public string Id;
        public byte[] Bytes;
    }

    [DllImport("libc")] static extern int dup(int from);
    [DllImport("libc")] static extern int dup2(int from, int to);
    [DllImport("libc")] static extern IntPtr write(int to, IntPtr data, UIntPtr length);

    /// The line, for the switch alone: what Mono reports when it crashes goes to stdout, which from here on is stderr.
    static int TakeLine()
    {
        var line = dup(1);
        if (line < 0 || dup2(2, 1) < 0) throw new IOException("there is no line");
        return line;
    }

    static void Send(int line, byte[] data)
    {
        var pinned = GCHandle.Alloc(data, GCHandleType.Pinned);
        try
        {
            for (int sent = 0, more; sent < data.Length; sent += more)
            {
                more = (int)write(line, pinned.AddrOfPinnedObject() + sent, (UIntPtr)(data.Length - sent));
                if (more <= 0) throw new IOException("the line can't be written");
            }
        }
        finally { pinned.Free(); }
    }

    static Exception SomethingElse()
    {
        return new InvalidDataException("the queue has something else than messages");
    }

    /// The next message; null at the end of the queue.
    static Message Next(Stream queue)
    {
        var head = new StringBuilder();
        int next;
        while ((next = queue.ReadByte()) != '\n')
        {
            if (next < 0 && head.Length == 0) return null;
            if (next < 0 || head.Length == MaxHead) throw SomethingElse();
            head.Append((char)next);
        }
        var field = Head.Match(head.ToString()).Groups;
        // What follows can't be told from the bytes of a message that is too long: stop.
        if (!field[0].Success || int.Parse(field[4].Value) > MaxMessage) throw SomethingElse();
        var bytes = new byte[int.Parse(field[4].Value)];
        for (int read = 0, more; read < bytes.Length; read += more)
            if ((more = queue.Read(bytes, read, bytes.Length - read)) == 0) throw SomethingElse();
        var request = new List<Attribute> {
            new Attribute(Attribute.Requester, field[1].Value), new Attribute(Attribute.CorrelationId, field[3].Value) };
        if (field[2].Value != "-") request.Add(new Attribute(Attribute.Purpose, field[2].Value));
        return new Message { Request = request, Id = field[3].Value, Bytes = bytes };
    }

    /// What it says is never a value of the message.
    static void Tell(string text)
    {
        Console.Error.WriteLine("switch: " + text);
    }

    static void Run(string policy, string path)
    {
        var line = TakeLine();
        var config = new Config { Policy = policy };
        var loaded = File.GetLastWriteTimeUtc(policy);
        using (var filter = new Filter(config))
        using (var log = new DisclosureLog(path, filter))
        using (var redactor = new Redactor(filter, log, "line 1"))
        using (var queue = new BufferedStream(Console.OpenStandardInput(), 1 << 16))
        {
            for (Message message; (message = Next(queue)) != null;)
            {
                var changed = File.GetLastWriteTimeUtc(policy);
                if (changed != loaded)
                {
                    loaded = changed;
                    try { filter.Swap(config, log); }
                    catch (RedactionException error) { Tell("the policy so far stays: " + error.Message); }
                }
                var output = new byte[0];
                try
                {
                    var outcome = redactor.Redact(message.Bytes, message.Request);
                    if (!outcome.Releases) Tell(message.Id + ": " + outcome.Reason);
                    output = outcome.Output;
                }
                catch (RedactionException error) { Tell(error.Message); }
                Send(line, Latin1.GetBytes(message.Id + " " + output.Length + "\n"));
                Send(line, output);
            }
            log.End();
        }
    }

    static int Main(string[] arguments)
    {
        if (arguments.Length != 2)
        {
            Console.Error.WriteLine("usage: switch.exe POLICY LOG <queue >line");
            return 2;
        }
        try
        {
            Run(arguments[0], arguments[1]);
            return 0;
        }
        catch (Exception error)
        {
            Tell(error.Message);
            return 1;
        }
    }
}
