// The corpus from C#: Corpus ROOT. It redacts one message, then every line of fixtures/corpus.tsv.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

static class Corpus
{
    static readonly int[] Names = { Attribute.Requester, Attribute.Purpose, Attribute.Claim, Attribute.Instrument, Attribute.Date };

    static string Digest(byte[] bytes)
    {
        using (var sha256 = SHA256.Create())
            return BitConverter.ToString(sha256.ComputeHash(bytes)).Replace("-", "").ToLowerInvariant();
    }

    static void Main(string[] arguments)
    {
        var root = arguments[0];
        var police = new[] { new Attribute(Attribute.Requester, "AZ0070000") };
        using (var filter = new Filter(new Config()))
        using (var redactor = new Redactor(filter))
        {
            var outcome = redactor.Redact(File.ReadAllBytes(Path.Combine(root, "fixtures/dr-in-state-police/message.xml")), police);
            var output = Encoding.UTF8.GetString(outcome.Output);
            if (!output.Contains("JORDAN") || output.Contains("900-12-3456"))
                throw new Exception("the output isn't what the policy permits");
        }

        var redactors = new Dictionary<string, Redactor>();
        var lines = File.ReadAllLines(Path.Combine(root, "fixtures/corpus.tsv")).Skip(1).ToList();
        foreach (var line in lines)
        {
            var field = line.Split('\t');
            Redactor redactor;
            if (!redactors.TryGetValue(field[0], out redactor))
            {
                var policy = field[0] == "-" ? null : Path.Combine(root, field[0]);
                var config = new Config { Policy = policy, TokenKey = field[1] == "-" ? null : Encoding.UTF8.GetBytes(field[1]) };
                redactors[field[0]] = redactor = new Redactor(new Filter(config));
            }
            var stated = from number in Enumerable.Range(0, Names.Length)
                         from word in field[3 + number].Split(' ')
                         where word != "-"
                         select new Attribute(Names[number], word);
            var outcome = redactor.Redact(File.ReadAllBytes(Path.Combine(root, field[2])), stated);
            var found = string.Join("\t", outcome.Disposition, Digest(outcome.Output), Digest(redactor.ReceiptJson()));
            if (found != string.Join("\t", field.Skip(8))) throw new Exception(line);
        }
        foreach (var redactor in redactors.Values) redactor.Dispose();
        Console.WriteLine("C#: " + lines.Count + " lines of the corpus");
    }
}
