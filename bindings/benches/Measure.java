import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.dmvredact.Redaction;
import org.dmvredact.RedactionFilter;
import org.dmvredact.Request;

/** What a message costs in Java: FILE..., each with nanoseconds of processor time; or --calls N FILE. */
class Measure {
    private static int sink;

    private static void redact(RedactionFilter filter, byte[] message, int calls) {
        for (int i = 0; i < calls; i++) {
            // As a switch does: the request is stated anew.
            Request request = Request.builder().requester("AZ0070000").purpose("C").build();
            try (Redaction redaction = filter.redact(message, request)) {
                sink += redaction.written();
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        try (RedactionFilter filter = RedactionFilter.builder().build()) {
            if (arguments[0].equals("--calls")) {
                redact(filter, Files.readAllBytes(Path.of(arguments[2])), Integer.parseInt(arguments[1]));
                return;
            }
            for (String name : arguments) {
                byte[] message = Files.readAllBytes(Path.of(name));
                // Until the compiler of the Java machine is done.
                redact(filter, message, 100_000);
                long began = system.getProcessCpuTime();
                long calls = 0;
                for (; system.getProcessCpuTime() - began < 1_000_000_000; calls += 1000) redact(filter, message, 1000);
                System.out.println(name + " " + (system.getProcessCpuTime() - began) / calls);
            }
        }
    }
}
