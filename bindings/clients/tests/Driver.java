import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;

/** Calls DmvRedactClient.java for attack.py. */
final class Driver {
    public static void main(String[] arguments) throws Exception {
        // Java takes its proxy from properties, not from the environment.
        var proxy = URI.create(System.getenv("http_proxy"));
        System.setProperty("http.proxyHost", proxy.getHost());
        System.setProperty("http.proxyPort", "" + proxy.getPort());
        System.setProperty("http.nonProxyHosts", "");
        System.setProperty("socksProxyHost", proxy.getHost());
        System.setProperty("socksProxyPort", "" + proxy.getPort());
        System.setProperty("socksNonProxyHosts", "");
        var lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null;) {
            var fields = Arrays.stream(line.split("\t", -1)).map(field -> new String(HexFormat.of().parseHex(field), StandardCharsets.UTF_8))
                .toArray(String[]::new);
            var client = new DmvRedactClient(fields[0]);
            client.deadline = Integer.parseInt(fields[1]);
            client.limit = Integer.parseInt(fields[2]);
            try {
                byte[] output = client.redact(Files.readAllBytes(Path.of(fields[3])), Arrays.copyOfRange(fields, 5, fields.length));
                System.out.println("output " + HexFormat.of().formatHex(output));
            } catch (DmvRedactClient.Withheld withheld) {
                if (withheld.getCause() != null || withheld.getSuppressed().length > 0) throw withheld;
                System.out.println("withheld " + dash(withheld.disposition) + " " + dash(withheld.reason) + " " + dash(withheld.review) + " "
                    + withheld.getMessage());
            }
        }
    }

    private static String dash(String text) {
        return text == null ? "-" : text;
    }
}
