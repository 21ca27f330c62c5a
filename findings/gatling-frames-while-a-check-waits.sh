#!/usr/bin/env bash
# Gatling 3.15.1, WebSocket: a text frame that comes while a check waits, and does not match it, is in no buffer.
# `processUnmatchedMessages` gives the frames that came while no check waited, and not those, although
# wsUnmatchedInboundMessageBufferSize has room for all. Here the server answers "go" with five frames, and the check of
# that request matches the third: of the other four, only the two behind it are given.
# Why: while a check waits, a text frame that does not match is only counted.
# So deliveries cannot be counted by this buffer alone; the condition of the check has to count, too.
set -euo pipefail
folder="$(mktemp -d)"
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ws@8.23.0
cat >server.mjs <<'PROGRAM'
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
server.on('connection', (socket) => {
  socket.on('message', () => {
    for (const frame of ['one', 'two', 'three', 'four', 'five']) socket.send(frame);
  });
});
server.on('listening', () => console.log(server.address().port));
PROGRAM
node server.mjs >port &
server=$!
until [ -s port ]; do sleep 0.1; done
cat >pom.xml <<'PROJECT'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <properties>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
    <maven.compiler.release>17</maven.compiler.release>
  </properties>
  <dependencies>
    <dependency>
      <groupId>io.gatling.highcharts</groupId>
      <artifactId>gatling-charts-highcharts</artifactId>
      <version>3.15.1</version>
      <scope>test</scope>
    </dependency>
  </dependencies>
  <build>
    <plugins>
      <plugin><artifactId>maven-resources-plugin</artifactId><version>3.3.1</version></plugin>
      <plugin><artifactId>maven-compiler-plugin</artifactId><version>3.14.0</version></plugin>
      <plugin>
        <groupId>io.gatling</groupId>
        <artifactId>gatling-maven-plugin</artifactId>
        <version>4.21.12</version>
        <configuration>
          <jvmArgs><jvmArg>-Djava.util.prefs.userRoot=${project.build.directory}</jvmArg></jvmArgs>
        </configuration>
      </plugin>
    </plugins>
  </build>
</project>
PROJECT
mkdir -p src/test/java src/test/resources
echo 'gatling.data.enableAnalytics = false' >src/test/resources/gatling.conf
cat >src/test/java/Finding.java <<'PROGRAM'
import static io.gatling.javaapi.core.CoreDsl.*;
import static io.gatling.javaapi.http.HttpDsl.*;

import io.gatling.http.action.ws.WsInboundMessage;
import io.gatling.javaapi.core.Simulation;
import java.time.Duration;

public class Finding extends Simulation {
  {
    setUp(
            scenario("frames")
                .exec(ws("connect").connect("ws://127.0.0.1:" + System.getProperty("port")))
                .exec(
                    ws("go")
                        .sendText("go")
                        .await(10)
                        .on(ws.checkTextMessage("third").matching(bodyString().is("three"))))
                .pause(Duration.ofSeconds(1))
                .exec(
                    ws.processUnmatchedMessages((messages, session) -> {
                      for (WsInboundMessage message : messages)
                        System.out.println("given: " + ((WsInboundMessage.Text) message).message());
                      return session;
                    }))
                .exec(ws("close").close())
                .injectOpen(atOnceUsers(1)))
        .protocols(http.disableWarmUp().wsUnmatchedInboundMessageBufferSize(100))
        .assertions(global().failedRequests().count().is(0L));
  }
}
PROGRAM
mvn -q -B -Dmaven.repo.local="$folder/maven" gatling:test -Dgatling.noReports -Dport="$(cat port)" >log 2>&1 ||
  { cat log; exit 1; }
output="$(grep '^given: ' log || true)"
echo "$output"
[ "$output" = "given: four
given: five" ] || { echo 'this has changed' >&2; exit 1; }
