import com.neovisionaries.ws.client.OpeningHandshakeException;
import com.neovisionaries.ws.client.WebSocketAdapter;
import com.neovisionaries.ws.client.WebSocketException;
import com.neovisionaries.ws.client.WebSocketFactory;
import com.neovisionaries.ws.client.WebSocketFrame;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakeException;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler.ClientHandshakeStateEvent;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.WebSocketListener;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.api.exceptions.UpgradeException;
import org.eclipse.jetty.websocket.client.WebSocketClient;
import org.java_websocket.handshake.ServerHandshake;

/** WebSockets. The pings of the Centrifugal protocol are messages, and so are the pongs. */
class WebSockets {
  private static final String PING = "{}";

  static void javaNetHttp(String url, String first) {
    var listener = new WebSocket.Listener() {
      private final StringBuilder text = new StringBuilder();
      private int parts;

      @Override
      public void onOpen(WebSocket socket) {
        Clients.tell("open", "type", socket.getSubprotocol());
        socket.request(1);
      }

      @Override
      public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
        parts++;
        text.append(data);
        socket.request(1);
        if (!last) return null;
        Clients.tell("message", "bytes", text.length(), "parts", parts, "text", text);
        var isPing = PING.contentEquals(text);
        text.setLength(0);
        parts = 0;
        return isPing ? socket.sendText(PING, true) : null;
      }

      @Override
      public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
        Clients.tell("close", "code", code, "reason", reason);
        return null;
      }

      @Override
      public void onError(WebSocket socket, Throwable error) {
        Clients.error(error);
      }
    };
    try {
      var socket = HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(URI.create(url), listener).join();
      if (!first.isEmpty()) socket.sendText(first, true);
      Thread.currentThread().join();
    } catch (CompletionException error) {
      if (error.getCause() instanceof WebSocketHandshakeException refused) {
        var response = refused.getResponse();
        var after = response.headers().firstValue("Retry-After").orElse(null);
        Clients.error(refused, "status", response.statusCode(), "retryAfter", after);
      } else Clients.error(error.getCause());
    } catch (InterruptedException error) {
      Clients.error(error);
    }
  }

  static void javaWebSocket(String url, String first) {
    var client = new org.java_websocket.client.WebSocketClient(URI.create(url)) {
      @Override
      public void onOpen(ServerHandshake handshake) {
        Clients.tell("open", "type", getProtocol().getProvidedProtocol());
        if (!first.isEmpty()) send(first);
      }

      @Override
      public void onMessage(String message) {
        Clients.message(message);
        if (message.equals(PING)) send(PING);
      }

      @Override
      public void onClose(int code, String reason, boolean remote) {
        Clients.tell("close", "code", code, "reason", reason);
      }

      @Override
      public void onError(Exception error) {
        Clients.error(error);
      }
    };
    client.connect();
  }

  public static class JettyListener implements Session.Listener {
    private final String first;
    private Session session;

    JettyListener(String first) {
      this.first = first;
    }

    @Override
    public void onWebSocketOpen(Session opened) {
      session = opened;
      Clients.tell("open", "type", opened.getUpgradeResponse().getAcceptedSubProtocol());
      if (!first.isEmpty()) opened.sendText(first, Callback.NOOP);
      opened.demand();
    }

    @Override
    public void onWebSocketText(String message) {
      Clients.message(message);
      if (message.equals(PING)) session.sendText(PING, Callback.NOOP);
      session.demand();
    }

    @Override
    public void onWebSocketError(Throwable error) {
      Clients.error(error);
    }

    @Override
    public void onWebSocketClose(int code, String reason, Callback callback) {
      Clients.tell("close", "code", code, "reason", reason);
      callback.succeed();
    }
  }

  static void jetty(String url, String first) {
    try {
      var client = new WebSocketClient();
      client.start();
      client.connect(new JettyListener(first), URI.create(url)).join();
    } catch (CompletionException error) {
      if (error.getCause() instanceof UpgradeException refused) {
        Clients.error(refused, "status", refused.getResponseStatusCode());
      } else Clients.error(error.getCause());
    } catch (Exception error) {
      Clients.error(error);
    }
  }

  static void okHttp(String url, String first) {
    new OkHttpClient().newWebSocket(new Request.Builder().url(url).build(), new WebSocketListener() {
      @Override
      public void onOpen(okhttp3.WebSocket socket, Response response) {
        Clients.tell("open", "type", response.header("Sec-WebSocket-Protocol"));
        if (!first.isEmpty()) socket.send(first);
      }

      @Override
      public void onMessage(okhttp3.WebSocket socket, String text) {
        Clients.message(text);
        if (text.equals(PING)) socket.send(PING);
      }

      @Override
      public void onClosing(okhttp3.WebSocket socket, int code, String reason) {
        Clients.tell("closing", "code", code, "reason", reason);
        socket.close(code >= 1000 && code != 1005 && code != 1006 ? code : 1000, null);
      }

      @Override
      public void onClosed(okhttp3.WebSocket socket, int code, String reason) {
        Clients.tell("close", "code", code, "reason", reason);
      }

      @Override
      public void onFailure(okhttp3.WebSocket socket, Throwable error, Response response) {
        if (response == null) Clients.error(error);
        else Clients.error(error, "status", response.code(), "retryAfter", response.header("Retry-After"));
      }
    });
  }

  static void netty(String url, String first) {
    var uri = URI.create(url);
    var group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    var config = WebSocketClientProtocolConfig.newBuilder().webSocketUri(uri).build();
    var handler = new SimpleChannelInboundHandler<Object>() {
      @Override
      protected void channelRead0(ChannelHandlerContext context, Object frame) {
        if (frame instanceof CloseWebSocketFrame close) {
          Clients.tell("closing", "code", close.statusCode(), "reason", close.reasonText());
        }
        if (!(frame instanceof TextWebSocketFrame text)) return;
        Clients.message(text.text());
        if (text.text().equals(PING)) context.writeAndFlush(new TextWebSocketFrame(PING));
      }

      @Override
      public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event != ClientHandshakeStateEvent.HANDSHAKE_COMPLETE) return;
        Clients.tell("open");
        if (!first.isEmpty()) context.writeAndFlush(new TextWebSocketFrame(first));
      }

      @Override
      public void exceptionCaught(ChannelHandlerContext context, Throwable error) {
        if (error instanceof WebSocketClientHandshakeException refused && refused.response() != null) {
          var response = refused.response();
          var after = response.headers().get("Retry-After");
          Clients.error(error, "status", response.status().code(), "retryAfter", after);
        } else Clients.error(error);
      }

      @Override
      public void channelInactive(ChannelHandlerContext context) {
        Clients.tell("close");
      }
    };
    try {
      new Bootstrap().group(group).channel(NioSocketChannel.class).handler(new ChannelInitializer<SocketChannel>() {
        @Override
        protected void initChannel(SocketChannel channel) {
          channel.pipeline().addLast(new HttpClientCodec(), new HttpObjectAggregator(8192));
          channel.pipeline().addLast(new WebSocketClientProtocolHandler(config), handler);
        }
      }).connect(uri.getHost(), uri.getPort()).sync();
    } catch (Exception error) {
      Clients.error(error);
    }
  }

  static void nv(String url, String first) {
    try {
      new WebSocketFactory().createSocket(url).addListener(new WebSocketAdapter() {
        @Override
        public void onConnected(com.neovisionaries.ws.client.WebSocket socket, Map<String, List<String>> headers) {
          Clients.tell("open", "type", socket.getAgreedProtocol());
          if (!first.isEmpty()) socket.sendText(first);
        }

        @Override
        public void onTextMessage(com.neovisionaries.ws.client.WebSocket socket, String text) {
          Clients.message(text);
          if (text.equals(PING)) socket.sendText(PING);
        }

        @Override
        public void onError(com.neovisionaries.ws.client.WebSocket socket, WebSocketException error) {
          Clients.error(error);
        }

        @Override
        public void onDisconnected(
            com.neovisionaries.ws.client.WebSocket socket,
            WebSocketFrame server,
            WebSocketFrame client,
            boolean closedByServer) {
          if (server == null) Clients.tell("close");
          else Clients.tell("close", "code", server.getCloseCode(), "reason", server.getCloseReason());
        }
      }).connect();
    } catch (OpeningHandshakeException refused) {
      var after = refused.getHeaders().get("Retry-After");
      var status = refused.getStatusLine().getStatusCode();
      Clients.error(refused, "status", status, "retryAfter", after == null ? null : after.get(0));
    } catch (Exception error) {
      Clients.error(error);
    }
  }
}
