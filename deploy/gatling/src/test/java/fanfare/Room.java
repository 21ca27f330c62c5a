package fanfare;

import io.gatling.javaapi.core.Session;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Users who share a channel. Each run has channels of its own. */
final class Room {
  private static final String RUN = Long.toString(System.currentTimeMillis(), 36);
  private static final Map<Integer, Room> ROOMS = new ConcurrentHashMap<>();

  private final int number;
  private final AtomicInteger present = new AtomicInteger();

  private Room(int number) {
    this.number = number;
  }

  /** That of a user. Gatling counts users from 1. */
  static Room of(Session session) {
    return ROOMS.computeIfAbsent((int) ((session.userId() - 1) / Settings.MEMBERS), Room::new);
  }

  /** Deliveries to all users of all rooms. */
  static long dueOverall() {
    long full = Settings.USERS / Settings.MEMBERS;
    long rest = Settings.USERS % Settings.MEMBERS;
    return (full * Settings.MEMBERS * Settings.MEMBERS + rest * rest) * Settings.MESSAGES;
  }

  String channel() {
    return "load:" + RUN + ":" + number;
  }

  /** Publications that each of its users gets. */
  int due() {
    return size() * Settings.MESSAGES;
  }

  void enter() {
    present.incrementAndGet();
  }

  boolean isFull() {
    return present.get() >= size();
  }

  private int size() {
    return Math.min(Settings.MEMBERS, Settings.USERS - number * Settings.MEMBERS);
  }
}
