package fanfare;

import java.time.Duration;

/** What the command line may choose, as -Dname=value, and the secret of the tokens from the environment. */
final class Settings {
  /** The WebSocket endpoint. */
  static final String URL = System.getProperty("url", "ws://localhost:8000/connection/websocket");

  /** Users, each with a connection of its own. */
  static final int USERS = positive("users", 1000);

  /** Users of one room; the last room may have fewer. */
  static final int MEMBERS = positive("members", 10);

  /** Messages that each user publishes. */
  static final int MESSAGES = positive("messages", 5);

  /** Seconds over which users arrive. */
  static final Duration RAMP = Duration.ofSeconds(positive("ramp", 20));

  /** Seconds from one message of a user to its next. */
  static final Duration EVERY = Duration.ofSeconds(positive("every", 5));

  /** Seconds after which an answer or a delivery is missing. */
  static final Duration PATIENCE = Duration.ofSeconds(positive("patience", 10));

  /** Most milliseconds from a publication to its delivery, for 99 of 100. 0: any. */
  static final int P99_MS = Integer.getInteger("p99", 0);

  /** That of the server. */
  static final String SECRET = secret();

  private Settings() {}

  private static int positive(String name, int fallback) {
    String text = System.getProperty(name, String.valueOf(fallback));
    int value = text.matches("\\d{1,9}") ? Integer.parseInt(text) : 0;
    if (value < 1) throw new IllegalArgumentException("-D" + name + "=" + text + ": it has to be a number, at least 1");
    return value;
  }

  private static String secret() {
    String secret = System.getenv("FANFARE_TOKEN_SECRET");
    if (secret == null || secret.isEmpty())
      throw new IllegalStateException("FANFARE_TOKEN_SECRET is not set: it has to be that of the server");
    return secret;
  }
}
