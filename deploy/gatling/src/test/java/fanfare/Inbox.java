package fanfare;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.HashSet;
import java.util.Set;

/** What one user has received. Every publication of its room is due exactly once, its own ones too. */
final class Inbox {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final int due;
  private final Set<String> received = new HashSet<>();
  private int repeated;
  private int answered;
  private String refusal = "none";

  Inbox(int due) {
    this.due = due;
  }

  /** Takes a frame of the server, which has one message a line. */
  void take(String frame) {
    for (String line : frame.split("\n")) take(read(line));
  }

  private void take(JsonNode message) {
    JsonNode data = message.at("/push/pub/data");
    if (data.isObject() && !received.add(key(data.path("from").asLong(), data.path("number").asInt()))) repeated++;
    if (message.has("id")) answered = message.path("id").asInt();
    if (message.has("error")) refusal = "error " + message.at("/error/code").asInt();
  }

  boolean has(long from, int number) {
    return received.contains(key(from, number));
  }

  /** Whether the command with this id has an answer. */
  boolean isAnswered(int id) {
    return answered >= id;
  }

  boolean isRefused() {
    return !refusal.equals("none");
  }

  /** The error of a command, or "none". */
  String refusal() {
    return refusal;
  }

  boolean hasAll() {
    return received.size() >= due;
  }

  int count() {
    return received.size() + repeated;
  }

  /** In words, which the report has where they are not those of {@link #complete}. */
  String summary() {
    return received.size() + " deliveries, " + repeated + " repeated";
  }

  static String complete(int due) {
    return due + " deliveries, 0 repeated";
  }

  private static String key(long from, int number) {
    return from + "/" + number;
  }

  private static JsonNode read(String line) {
    try {
      return JSON.readTree(line);
    } catch (JsonProcessingException error) {
      throw new IllegalArgumentException("the server sent what is no JSON", error);
    }
  }
}
