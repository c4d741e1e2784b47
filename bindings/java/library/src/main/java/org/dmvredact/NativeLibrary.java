package org.dmvredact;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Finds and loads the native library: the one that a system property names, or the one in the jar. */
final class NativeLibrary {
    /** Names the file of the library. */
    static final String PROPERTY = "org.dmvredact.library";

    private NativeLibrary() {}

    static void load() {
        String file = System.getProperty(PROPERTY);
        if (file != null) {
            System.load(Path.of(file).toAbsolutePath().toString());
            return;
        }
        String platform = os() + "-" + arch();
        String name = System.mapLibraryName("dmv_redact_java");
        try (InputStream packed = NativeLibrary.class.getResourceAsStream("/native/" + platform + "/" + name)) {
            if (packed == null) {
                throw new UnsatisfiedLinkError(
                        "this jar has no native library for " + platform + ": build one, and name it with -D" + PROPERTY);
            }
            loadCopy(packed, name);
        } catch (IOException error) {
            UnsatisfiedLinkError unusable = new UnsatisfiedLinkError(
                    "the native library can't be written to " + System.getProperty("java.io.tmpdir")
                            + ": set java.io.tmpdir, or name the library with -D" + PROPERTY);
            unusable.initCause(error);
            throw unusable;
        }
    }

    /** Loads it from a folder that nobody else can write to, then deletes it: the process has it in memory. */
    private static void loadCopy(InputStream packed, String name) throws IOException {
        Path folder = Files.createTempDirectory("dmv-redact");
        Path copy = folder.resolve(name);
        try {
            Files.copy(packed, copy);
            System.load(copy.toString());
        } finally {
            try {
                Files.deleteIfExists(copy);
                Files.deleteIfExists(folder);
            } catch (IOException stillInUse) {
                // Windows: a library that is loaded can't be deleted. In reverse order of these calls.
                folder.toFile().deleteOnExit();
                copy.toFile().deleteOnExit();
            }
        }
    }

    private static String os() {
        String name = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        if (name.startsWith("mac")) {
            return "macos";
        }
        return name.startsWith("windows") ? "windows" : name;
    }

    private static String arch() {
        String name = System.getProperty("os.arch");
        return name.equals("amd64") ? "x86_64" : name;
    }
}
