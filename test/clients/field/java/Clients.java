import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * One connection of one client at its defaults: CLIENT URL [FIRST-FRAME]. Prints what the client hands out as lines of
 * JSON. It ends when its standard input does.
 */
public class Clients {
  private static final Map<String, BiConsumer<String, String>> CLIENTS = new TreeMap<>();

  static {
    CLIENTS.put("java.net.http", WebSockets::javaNetHttp);
    CLIENTS.put("Java-WebSocket", WebSockets::javaWebSocket);
    CLIENTS.put("Jetty", WebSockets::jetty);
    CLIENTS.put("OkHttp", WebSockets::okHttp);
    CLIENTS.put("Netty", WebSockets::netty);
    CLIENTS.put("nv", WebSockets::nv);
    CLIENTS.put("okhttp-sse", Streams::okHttpSse);
    CLIENTS.put("okhttp-eventsource", Streams::okHttpEventSource);
    CLIENTS.put("ofLines", Streams::ofLines);
    CLIENTS.put("okhttp-lines", Streams::okHttpLines);
  }

  public static void main(String[] args) throws IOException {
    var first = args.length > 2 ? args[2] : "";
    var thread = new Thread(() -> CLIENTS.get(args[0]).accept(args[1], first));
    thread.setDaemon(true);
    thread.start();
    while (System.in.read() != -1) continue;
    System.exit(0);
  }

  /** @param fields names and values by turns; `null` and 0 are left out */
  static synchronized void tell(String event, Object... fields) {
    var line = new StringBuilder("{\"event\":").append(quoted(event));
    for (int i = 0; i + 1 < fields.length; i += 2) {
      var value = fields[i + 1];
      if (value == null || value.equals(0)) continue;
      var text = value instanceof Number ? value.toString() : quoted(value.toString());
      line.append(",\"").append(fields[i]).append("\":").append(text);
    }
    System.out.println(line.append('}'));
    System.out.flush();
  }

  static void message(String text) {
    tell("message", "bytes", text.length(), "text", text);
  }

  static void error(Throwable error, Object... fields) {
    var all = new Object[fields.length + 2];
    all[0] = "text";
    var cause = error.getCause() == null ? "" : " from " + error.getCause();
    all[1] = error + cause;
    System.arraycopy(fields, 0, all, 2, fields.length);
    tell("error", all);
  }

  private static String quoted(String text) {
    var out = new StringBuilder("\"");
    for (char c : text.substring(0, Math.min(300, text.length())).toCharArray()) {
      if (c == '"' || c == '\\') out.append('\\').append(c);
      else if (c < ' ') out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    }
    return out.append('"').toString();
  }
}
