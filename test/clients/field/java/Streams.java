import com.launchdarkly.eventsource.ConnectStrategy;
import com.launchdarkly.eventsource.EventSource;
import com.launchdarkly.eventsource.FaultEvent;
import com.launchdarkly.eventsource.MessageEvent;
import com.launchdarkly.eventsource.StartedEvent;
import com.launchdarkly.eventsource.StreamException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.sse.EventSourceListener;
import okhttp3.sse.EventSources;

/** Readers of server-sent events, and of lines. */
class Streams {
  static void okHttpSse(String url, String first) {
    var request = new Request.Builder().url(url).build();
    EventSources.createFactory(new OkHttpClient()).newEventSource(request, new EventSourceListener() {
      @Override
      public void onOpen(okhttp3.sse.EventSource source, Response response) {
        Clients.tell("open");
      }

      @Override
      public void onEvent(okhttp3.sse.EventSource source, String id, String type, String data) {
        Clients.tell("message", "type", type, "id", id, "bytes", data.length(), "text", data);
      }

      @Override
      public void onClosed(okhttp3.sse.EventSource source) {
        Clients.tell("close");
      }

      @Override
      public void onFailure(okhttp3.sse.EventSource source, Throwable error, Response response) {
        var status = response == null ? 0 : response.code();
        var after = response == null ? null : response.header("Retry-After");
        Clients.tell("error", "text", String.valueOf(error), "status", status, "retryAfter", after);
      }
    });
  }

  static void okHttpEventSource(String url, String first) {
    // Its default throws where others go on.
    try (var source = new EventSource.Builder(ConnectStrategy.http(URI.create(url))).build()) {
      while (true) {
        var event = source.readAnyEvent();
        if (event instanceof MessageEvent message) {
          var data = message.getData();
          var id = message.getLastEventId();
          Clients.tell("message", "type", message.getEventName(), "id", id, "bytes", data.length(), "text", data);
        } else if (event instanceof StartedEvent) Clients.tell("open");
        else if (event instanceof FaultEvent fault) Clients.error(fault.getCause());
      }
    } catch (StreamException error) {
      Clients.error(error);
      Clients.tell("close");
    }
  }

  static void ofLines(String url, String first) {
    try {
      var request = HttpRequest.newBuilder(URI.create(url)).build();
      var response = HttpClient.newHttpClient().send(request, BodyHandlers.ofLines());
      if (response.statusCode() == 200) Clients.tell("open");
      else {
        var after = response.headers().firstValue("Retry-After").orElse(null);
        Clients.tell("error", "status", response.statusCode(), "retryAfter", after);
        return;
      }
      response.body().forEach(Clients::message);
      Clients.tell("close");
    } catch (Exception error) {
      Clients.error(error);
    }
  }

  static void okHttpLines(String url, String first) {
    try (var response = new OkHttpClient().newCall(new Request.Builder().url(url).build()).execute()) {
      if (response.code() == 200) Clients.tell("open");
      else {
        Clients.tell("error", "status", response.code(), "retryAfter", response.header("Retry-After"));
        return;
      }
      String line;
      while ((line = response.body().source().readUtf8Line()) != null) Clients.message(line);
      Clients.tell("close");
    } catch (Exception error) {
      Clients.error(error);
    }
  }
}
