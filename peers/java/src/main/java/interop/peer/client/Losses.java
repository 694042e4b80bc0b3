package interop.peer.client;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AuthenticationFailureException;
import com.rabbitmq.client.Method;
import com.rabbitmq.client.ShutdownSignalException;
import interop.peer.Failure;
import interop.peer.Failure.Scope;
import java.io.IOException;
import java.util.concurrent.TimeoutException;

/** What the library raises, told apart: the news that something is closed, and all else. */
public final class Losses {
  private Losses() {}

  /** A call of the library. */
  @FunctionalInterface
  public interface Call<T> {
    T run() throws Exception;
  }

  /** A call of the library that has no result. */
  @FunctionalInterface
  public interface Act {
    void run() throws Exception;
  }

  /** Makes the call; whatever it raises is the library's word. */
  public static <T> T call(Call<T> call) throws Failure {
    try {
      return call.run();
    } catch (Exception error) {
      throw failure(error);
    }
  }

  /** The same of a call without a result. */
  public static void act(Act act) throws Failure {
    call(
        () -> {
          act.run();
          return null;
        });
  }

  private static Failure failure(Exception error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof ShutdownSignalException closed) {
        return loss(closed);
      } else if (cause instanceof AuthenticationFailureException) {
        // Raised for this one code only, and without the method that had it.
        return disconnected(error, AMQP.ACCESS_REFUSED);
      } else if (cause instanceof IOException || cause instanceof TimeoutException) {
        if (cause.getCause() == null) {
          return disconnected(error, null);
        }
      }
    }
    return Failure.refused(error);
  }

  private static Failure disconnected(Exception error, Integer code) {
    return Failure.disconnected(Failure.said(error), code, Scope.CONNECTION);
  }

  /** What is gone, and the broker's code if it was the broker who closed it. */
  public static Failure loss(ShutdownSignalException closed) {
    Scope scope = closed.isHardError() ? Scope.CONNECTION : Scope.CHANNEL;
    Integer code = closed.isInitiatedByApplication() ? null : code(closed.getReason());
    return Failure.disconnected(Failure.said(closed), code, scope);
  }

  private static Integer code(Method reason) {
    if (reason instanceof AMQP.Channel.Close close) {
      return close.getReplyCode();
    } else if (reason instanceof AMQP.Connection.Close close) {
      return close.getReplyCode();
    }
    return null;
  }
}
