package interop.peer;

/** Why a request could not be met, in the protocol's words. */
public final class Failure extends Exception {
  private static final long serialVersionUID = 1L;

  /** The kinds of an error reply, but for {@code bug}: that is any other exception. */
  public enum Kind {
    UNSUPPORTED,
    REFUSED,
    DISCONNECTED
  }

  /** What a disconnection took with it. */
  public enum Scope {
    CHANNEL,
    CONNECTION
  }

  public final Kind kind;

  /** The declared name, of what is unsupported only. */
  public final String what;

  /** The broker's reply code, null if none was seen. */
  public final Integer code;

  /** What was closed, null if nothing was. */
  public final Scope scope;

  private Failure(Kind kind, String message, String what, Integer code, Scope scope) {
    super(message);
    this.kind = kind;
    this.what = what;
    this.code = code;
    this.scope = scope;
  }

  /** The library cannot express it. */
  public static Failure unsupported(String what) {
    String message = "declared as unsupported: " + what;
    return new Failure(Kind.UNSUPPORTED, message, what, null, null);
  }

  /** The library raised. */
  public static Failure refused(Throwable error) {
    return refused(said(error));
  }

  public static Failure refused(String message) {
    return new Failure(Kind.REFUSED, message, null, null, null);
  }

  /** Channel or connection are closed. */
  public static Failure disconnected(String message, Integer code, Scope scope) {
    return new Failure(Kind.DISCONNECTED, message, null, code, scope);
  }

  /** What an exception says: its class, its message, and the same of what caused it. */
  public static String said(Throwable error) {
    StringBuilder words = new StringBuilder(word(error));
    for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) {
      words.append("; caused by ").append(word(cause));
    }
    return words.toString();
  }

  private static String word(Throwable error) {
    String message = error.getMessage();
    String name = error.getClass().getSimpleName();
    return message == null ? name : name + ": " + message;
  }
}
