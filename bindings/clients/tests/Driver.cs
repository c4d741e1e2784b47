// Calls DmvRedactClient.cs for attack.py.
using System;
using System.IO;
using System.Linq;
using System.Text;

static class Driver
{
    static string Text(string hex)
    {
        return Encoding.UTF8.GetString(Enumerable.Range(0, hex.Length / 2).Select(i => Convert.ToByte(hex.Substring(2 * i, 2), 16)).ToArray());
    }

    static void Main()
    {
        for (string line; (line = Console.ReadLine()) != null;)
        {
            var fields = line.Split('\t').Select(Text).ToArray();
            var client = new DmvRedactClient(fields[0]) { Deadline = int.Parse(fields[1]), Limit = int.Parse(fields[2]) };
            try
            {
                var output = client.Redact(File.ReadAllBytes(fields[3]), fields.Skip(5).ToArray());
                Console.WriteLine("output " + BitConverter.ToString(output).Replace("-", "").ToLowerInvariant());
            }
            catch (Withheld withheld)
            {
                if (withheld.InnerException != null) throw;
                var told = new[] { withheld.Disposition, withheld.Reason, withheld.Review }.Select(word => word ?? "-");
                Console.WriteLine("withheld " + string.Join(" ", told) + " " + withheld.Message);
            }
        }
    }
}
