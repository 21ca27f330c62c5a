import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/**
 * Java's own client at its defaults, which offers HTTP/2 (h2c) with every request to an http URL. Arguments in threes:
 * method, URL, body. Prints of each answer its status, version and first filled line, separated by tabs.
 */
public class Requests {
  public static void main(String[] args) throws Exception {
    var client = HttpClient.newHttpClient();
    for (int i = 0; i + 2 < args.length; i += 3) {
      var body = args[i + 2].isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(args[i + 2]);
      var request = HttpRequest.newBuilder(URI.create(args[i + 1]))
          .method(args[i], body)
          .timeout(Duration.ofSeconds(20))
          .header("X-API-Key", System.getenv().getOrDefault("API_KEY", "none"));
      if (!args[i + 2].isEmpty()) request.header("Content-Type", "application/json");
      var response = client.send(request.build(), BodyHandlers.ofLines());
      var line = response.body().filter(text -> !text.isBlank()).findFirst().orElse("");
      System.out.println(response.statusCode() + "\t" + response.version() + "\t" + line);
    }
    System.exit(0);
  }
}
