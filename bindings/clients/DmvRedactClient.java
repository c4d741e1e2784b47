import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Timer;
import java.util.TimerTask;
import java.util.UUID;

/**
 * Asks a dmv-redact sidecar over HTTP. A file to copy; it needs nothing but Java 17 or later.
 *
 * <pre>{@code
 * var client = new DmvRedactClient("/run/dmv-redact/http.sock"); // or "http://127.0.0.1:8080"; it has no https
 * byte[] output = client.redact(message, "requester", "AZ0070000", "purpose", "C");
 * // Forward the output; forward nothing if it throws.
 * }</pre>
 *
 * A connection and a deadline for each call; no retry, no redirect, no proxy. Threads may share a client.
 */
public final class DmvRedactClient {
    /** Nothing may go out. What the sidecar doesn't say is null. */
    public static final class Withheld extends Exception {
        private static final long serialVersionUID = 1;
        public final String disposition, reason, review;

        Withheld(String why, String disposition, String reason, String review) {
            super(why);
            this.disposition = disposition;
            this.reason = reason;
            this.review = review;
        }
    }

    private static final String WORD = "[A-Za-z0-9_.:-]{1,64}";
    /** Null for a Unix socket, whose path is the address. */
    private final URI url;
    private final String address;
    /** The deadline is in milliseconds, the limit in bytes of output. */
    public int deadline = 10_000, limit = 16 << 20;

    public DmvRedactClient(String address) {
        this.address = address;
        url = address.contains("://") ? URI.create(address) : null;
        if (url != null && !"http".equals(url.getScheme())) throw new IllegalArgumentException("neither a path nor http://HOST:PORT");
    }

    /**
     * The output for a message. Attributes are names and values, named as the protocol's headers, a pair for each claim. `review` asks for a
     * held message; the message is empty.
     */
    public byte[] redact(byte[] message, String... attributes) throws Withheld {
        String id = UUID.randomUUID().toString(), path = "/v1/redact", head = "connection: close\r\ncontent-length: " + message.length + "\r\n";
        for (int i = 0; i < attributes.length; i += 2) {
            String name = attributes[i], value = attributes[i + 1];
            // Nothing that could end a header, or be changed in one.
            boolean isWord = !name.equals("correlation-id") && !name.equals("review") || value.matches(WORD);
            if (!isWord || !name.matches("[a-z][a-z-]*") || !value.matches("[!-~]([ -~]*[!-~])?")) throw withheld("an attribute can't be sent");
            if (name.equals("correlation-id")) id = value;
            else if (name.equals("review")) path = "/v1/reviews/" + value + "/deliver";
            else head += "dmv-" + name + ": " + value + "\r\n";
        }
        head = "POST " + path + " HTTP/1.1\r\nhost: " + (url == null ? "localhost" : url.getAuthority()) + "\r\n" + head;
        try {
            return released(exchange(head + "dmv-correlation-id: " + id + "\r\n\r\n", message), id);
        } catch (IOException | GeneralSecurityException | RuntimeException failed) {
            throw withheld("no answer in time");
        }
    }

    private byte[] released(byte[] answer, String id) throws Withheld, GeneralSecurityException {
        String text = new String(answer, 0, Math.min(answer.length, 65536), StandardCharsets.ISO_8859_1);
        int end = Math.max(text.indexOf("\r\n\r\n"), 0);
        var lines = Arrays.asList(text.substring(0, end).split("\r\n", -1));
        var fields = lines.subList(1, lines.size());
        boolean isHttp = lines.get(0).matches("HTTP/1\\.1 [0-9]{3}( [\t -~]*)?")
            && fields.stream().allMatch(line -> line.matches("[!-9;-~]+:[\t -~]*"));
        if (!isHttp) throw withheld("no answer of HTTP/1.1");
        byte[] body = Arrays.copyOfRange(answer, end + 4, answer.length);
        String status = lines.get(0).substring(9, 12), disposition = once(fields, "dmv-disposition");
        boolean isOwn = once(fields, "dmv-correlation-id").equals(id);
        // A sidecar states the length: an answer in chunks or in gzip was changed on its way.
        boolean isWhole = body.length > 0 && body.length <= limit && once(fields, "content-length").equals("" + body.length)
            && values(fields, "transfer-encoding").isEmpty() && values(fields, "content-encoding").isEmpty();
        boolean isSame = once(fields, "dmv-sha256").equals(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body)));
        if (status.equals("200") && List.of("released", "redacted").contains(disposition) && isOwn && isWhole && isSame) return body;
        if (!isOwn || !List.of("held", "withheld").contains(disposition)) throw withheld("no release, with status " + status);
        String reason = once(fields, "dmv-reason"), review = once(fields, "dmv-review");
        throw new Withheld(disposition, disposition, reason.matches(WORD) ? reason : null, review.matches(WORD) ? review : null);
    }

    private static List<String> values(List<String> fields, String name) {
        return fields.stream().filter(line -> line.substring(0, line.indexOf(':')).equalsIgnoreCase(name))
            .map(line -> line.substring(name.length() + 1).strip()).toList();
    }

    private static String once(List<String> fields, String name) {
        return values(fields, name).size() == 1 ? values(fields, name).get(0) : "";
    }

    private static Withheld withheld(String why) {
        return new Withheld(why, null, null, null);
    }

    private byte[] exchange(String head, byte[] message) throws IOException {
        var place = url == null ? UnixDomainSocketAddress.of(address) : new InetSocketAddress(url.getHost(), url.getPort());
        var channel = url == null ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
        var timer = new Timer(true);
        try {
            timer.schedule(new TimerTask() {
                @Override public void run() {
                    try {
                        // Whatever waits for it fails.
                        channel.close();
                    } catch (IOException ignored) {
                        // It is closed all the same.
                    }
                }
            }, deadline);
            channel.connect(place);
            var out = Channels.newOutputStream(channel);
            out.write(head.getBytes(StandardCharsets.US_ASCII));
            out.write(message);
            return Channels.newInputStream(channel).readNBytes(limit + 65536);
        } finally {
            timer.cancel();
            channel.close();
        }
    }
}
