// What a message costs in C#: Measure FILE..., each with nanoseconds of processor time; or Measure --calls N FILE.
using System;
using System.Diagnostics;
using System.IO;

static class Measure
{
    static void Redact(Redactor redactor, byte[] message, int calls)
    {
        for (var i = 0; i < calls; i++)
            redactor.Redact(message, new[] { new Attribute(Attribute.Requester, "AZ0070000"), new Attribute(Attribute.Purpose, "C") });
    }

    static double Used()
    {
        return Process.GetCurrentProcess().TotalProcessorTime.TotalMilliseconds * 1e6;
    }

    static void Main(string[] arguments)
    {
        using (var filter = new Filter(new Config()))
        using (var redactor = new Redactor(filter))
        {
            if (arguments[0] == "--calls")
            {
                Redact(redactor, File.ReadAllBytes(arguments[2]), int.Parse(arguments[1]));
                return;
            }
            foreach (var name in arguments)
            {
                var message = File.ReadAllBytes(name);
                Redact(redactor, message, 1000);
                double began = Used();
                var calls = 0;
                for (; Used() - began < 1e9; calls += 1000) Redact(redactor, message, 1000);
                Console.WriteLine(name + " " + Math.Round((Used() - began) / calls));
            }
        }
    }
}
