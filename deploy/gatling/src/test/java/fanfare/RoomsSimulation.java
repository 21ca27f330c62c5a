package fanfare;

import static io.gatling.javaapi.core.CoreDsl.asLongAsDuring;
import static io.gatling.javaapi.core.CoreDsl.bodyString;
import static io.gatling.javaapi.core.CoreDsl.details;
import static io.gatling.javaapi.core.CoreDsl.exec;
import static io.gatling.javaapi.core.CoreDsl.global;
import static io.gatling.javaapi.core.CoreDsl.pace;
import static io.gatling.javaapi.core.CoreDsl.pause;
import static io.gatling.javaapi.core.CoreDsl.rampUsers;
import static io.gatling.javaapi.core.CoreDsl.repeat;
import static io.gatling.javaapi.core.CoreDsl.scenario;
import static io.gatling.javaapi.http.HttpDsl.http;
import static io.gatling.javaapi.http.HttpDsl.ws;

import io.gatling.http.action.ws.WsInboundMessage;
import io.gatling.javaapi.core.ActionBuilder;
import io.gatling.javaapi.core.Assertion;
import io.gatling.javaapi.core.ChainBuilder;
import io.gatling.javaapi.core.Session;
import io.gatling.javaapi.core.Simulation;
import io.gatling.javaapi.http.HttpProtocolBuilder;
import io.gatling.javaapi.http.WsFrameCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiPredicate;
import java.util.function.Function;

/**
 * Rooms in which everybody talks: users connect with tokens, subscribe to their room, wait until it is full, and publish.
 * The run fails with a request that fails, and with a delivery that is missing or comes twice.
 */
public final class RoomsSimulation extends Simulation {
  private static final LongAdder DELIVERED = new LongAdder();

  private final HttpProtocolBuilder protocol =
      http.disableWarmUp()
          // The server pings with an empty command, and ends connections that do not answer with one.
          .wsAutoReplyTextFrame(frame -> frame.equals("{}") ? "{}" : null)
          .wsUnmatchedInboundMessageBufferSize(100_000);

  private final ChainBuilder enter =
      exec(session -> session.set("inbox", new Inbox(Room.of(session).due())))
          .exec(ws("open").connect(Settings.URL))
          .exitHereIfFailed()
          .exec(command("connect", 1, session -> "\"token\":\"" + Token.of(user(session), Settings.SECRET) + "\""))
          .exitHereIfFailed()
          .exec(command("subscribe", 2, session -> channel(session)))
          .exitHereIfFailed()
          .exec(session -> {
            Room.of(session).enter();
            return session;
          })
          .exec(
              asLongAsDuring(session -> !Room.of(session).isFull(), Settings.RAMP.plus(Settings.PATIENCE))
                  .on(pause(Duration.ofMillis(100))));

  private final ChainBuilder talk =
      pause(Duration.ZERO, Settings.EVERY)
          .exec(
              repeat(Settings.MESSAGES, "number")
                  .on(
                      pace(Settings.EVERY)
                          .exec(collect())
                          .exec(
                              ws("publish")
                                  .sendText(session -> frame(id(session), "publish", channel(session) + data(session)))
                                  .await(Settings.PATIENCE)
                                  .on(until("delivery", (inbox, session) -> inbox.has(session.userId(), number(session)))))
                          .exitHereIfFailed()));

  /** A ping goes with the check that waits for what the others have published: Gatling sends something with each. */
  private final ChainBuilder leave =
      exec(collect())
          .exec(
              ws("ping")
                  .sendText(session -> frame(id(session), "ping", ""))
                  .await(Settings.PATIENCE.plus(Settings.EVERY))
                  .on(until("all deliveries", (inbox, session) -> inbox.hasAll())))
          .pause(Duration.ofSeconds(1))
          .exec(collect())
          .exec(
              ws("unsubscribe")
                  .sendText(session -> frame(id(session) + 1, "unsubscribe", channel(session)))
                  .await(Settings.PATIENCE)
                  .on(
                      until("each once", (inbox, session) -> inbox.isAnswered(id(session) + 1))
                          .check(
                              bodyString()
                                  .transformWithSession((frame, session) -> inbox(session).summary())
                                  .is(session -> Inbox.complete(Room.of(session).due())))))
          .exec(session -> {
            DELIVERED.add(inbox(session).count());
            return session;
          })
          .exec(ws("close").close());

  {
    List<Assertion> assertions = new ArrayList<>();
    assertions.add(global().failedRequests().count().is(0L));
    assertions.add(details("each once").successfulRequests().count().is((long) Settings.USERS));
    if (Settings.P99_MS > 0) assertions.add(details("delivery").responseTime().percentile(99.0).lte(Settings.P99_MS));
    setUp(
            scenario("rooms")
                .exec(enter, talk, leave)
                .injectOpen(rampUsers(Settings.USERS).during(Settings.RAMP)))
        .protocols(protocol)
        .assertions(assertions);
  }

  @Override
  public void after() {
    System.out.printf("deliveries: %d of %d%n", DELIVERED.sum(), Room.dueOverall());
  }

  private static ActionBuilder command(String name, int id, Function<Session, String> fields) {
    return ws(name)
        .sendText(session -> frame(id, name, fields.apply(session)))
        .await(Settings.PATIENCE)
        .on(until(name + " answered", (inbox, session) -> inbox.isAnswered(id)));
  }

  /**
   * A check that is met when this is true of the inbox, and fails when a command was refused. It takes all frames that
   * come while it waits: those that do not match are in no buffer of Gatling.
   */
  private static WsFrameCheck.Text until(String name, BiPredicate<Inbox, Session> isMet) {
    return ws.checkTextMessage(name)
        .matching(
            bodyString()
                .transformWithSession((frame, session) -> {
                  Inbox inbox = inbox(session);
                  inbox.take(frame);
                  return inbox.isRefused() || isMet.test(inbox, session);
                })
                .is(true))
        .check(bodyString().transformWithSession((frame, session) -> inbox(session).refusal()).is("none"));
  }

  /** Takes the frames that came while no check waited. Sending empties Gatling's buffer, so that this comes before it. */
  private static ActionBuilder collect() {
    return ws.processUnmatchedMessages((messages, session) -> {
      for (WsInboundMessage message : messages)
        if (message instanceof WsInboundMessage.Text text) inbox(session).take(text.message());
      return session;
    });
  }

  private static String frame(int id, String method, String fields) {
    return "{\"id\":" + id + ",\"" + method + "\":{" + fields + "}}";
  }

  private static String channel(Session session) {
    return "\"channel\":\"" + Room.of(session).channel() + "\"";
  }

  private static String data(Session session) {
    return ",\"data\":{\"from\":" + session.userId() + ",\"number\":" + number(session) + "}";
  }

  private static int number(Session session) {
    return session.getInt("number");
  }

  /** Of the next command: 1 and 2 are those of connect and subscribe. */
  private static int id(Session session) {
    return 3 + (session.contains("number") ? number(session) : Settings.MESSAGES);
  }

  private static String user(Session session) {
    return "user" + session.userId();
  }

  private static Inbox inbox(Session session) {
    return session.get("inbox");
  }
}
