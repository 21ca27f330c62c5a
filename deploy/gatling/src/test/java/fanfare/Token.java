package fanfare;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Tokens for users, as a backend makes them: JWTs signed by HS256 with the secret that the server has, too. */
final class Token {
  private static final Duration LIFE = Duration.ofHours(1);

  private Token() {}

  static String of(String user, String secret) {
    String claims = "{\"sub\":\"" + user + "\",\"exp\":" + Instant.now().plus(LIFE).getEpochSecond() + "}";
    String signed = base64("{\"alg\":\"HS256\",\"typ\":\"JWT\"}".getBytes(UTF_8)) + "." + base64(claims.getBytes(UTF_8));
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret.getBytes(UTF_8), "HmacSHA256"));
      return signed + "." + base64(mac.doFinal(signed.getBytes(UTF_8)));
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException("this Java has no HmacSHA256", error);
    }
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
