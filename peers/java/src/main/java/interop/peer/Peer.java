package interop.peer;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import tools.jackson.databind.node.ObjectNode;

/** Answers requests, one after the other, with one library. */
public final class Peer {
  private static final int BROKEN = 1;
  private static final int USAGE = 2;

  private final Library library;
  private final Contract contract;
  private final Output output;
  private Library.Session session;

  Peer(Library library, Contract contract, OutputStream out) {
    this.library = library;
    this.contract = contract;
    this.output = new Output(contract, out);
  }

  /** The program: serves standard input and output, and ends the process. */
  public static void main(Library library, String... arguments) throws Exception {
    if (arguments.length != 2 || !arguments[0].equals("--schema")) {
      System.err.println("usage: --schema FOLDER (the folder contract/schema)");
      System.exit(USAGE);
    }
    Peer peer = new Peer(library, new Contract(Path.of(arguments[1])), System.out);
    peer.serve(System.in);
    System.exit(0); // a library may leave threads behind
  }

  /** Answers the lines of {@code in} until one of them is close, or there are no more. */
  void serve(InputStream in) throws Exception {
    Input input = new Input(in);
    boolean more = true;
    while (more) {
      byte[] line = input.next();
      more = line != null && answer(line);
    }
    output.end();
  }

  /** Answers one line; false after the last. */
  private boolean answer(byte[] line) throws Exception {
    Request request;
    try {
      request = contract.request(line);
    } catch (ContractException fault) {
      if (fault.id == 0) {
        throw fault; // there is nobody to answer
      }
      output.write(Lines.bug(fault.id, fault));
      return true;
    }
    try {
      meet(request);
    } catch (Failure failure) {
      output.write(Lines.failed(request.id(), failure));
    } catch (RuntimeException fault) {
      fault.printStackTrace();
      output.write(Lines.bug(request.id(), fault));
    }
    return !(request instanceof Request.Close);
  }

  private void meet(Request request) throws Exception {
    if (request instanceof Request.Consume consume) {
      consume(consume);
    } else if (request instanceof Request.Get get) {
      get(get);
    } else {
      output.write(reply(request));
    }
  }

  private ObjectNode reply(Request request) throws Exception {
    long id = request.id();
    if (request instanceof Request.Describe) {
      return Lines.described(id, library.identity());
    } else if (request instanceof Request.Connect connect) {
      disconnect();
      session = library.connect(connect.url(), this::event);
    } else if (request instanceof Request.Close) {
      disconnect();
    } else if (request instanceof Request.Publish publish && publish.confirm()) {
      return Lines.outcome(id, open().confirm(publish));
    } else {
      ask(request, open());
    }
    return Lines.reply("ok", id);
  }

  private void ask(Request request, Library.Session open) throws Failure, InterruptedException {
    if (request instanceof Request.Publish publish) {
      open.publish(publish);
    } else if (request instanceof Request.Settle settle) {
      open.settle(settle);
    } else if (request instanceof Request.DeclareExchange declare) {
      open.declareExchange(declare);
    } else if (request instanceof Request.DeclareQueue declare) {
      open.declareQueue(declare);
    } else if (request instanceof Request.Bind bind) {
      open.bind(bind);
    } else if (request instanceof Request.Cancel cancel) {
      open.cancel(cancel);
    } else {
      throw new IllegalStateException("nobody answers " + request);
    }
  }

  /** Deliveries wait until the answer stands before them. */
  private void consume(Request.Consume request) throws Failure, InterruptedException {
    CountDownLatch answered = new CountDownLatch(1);
    try {
      open().consume(request, answered);
      output.write(Lines.reply("ok", request.id()));
    } finally {
      answered.countDown();
    }
  }

  private void get(Request.Get request) throws Failure {
    Delivery found = open().get(request);
    output.write(Lines.reply(found == null ? "empty" : "ok", request.id()));
    if (found != null) {
      output.write(Lines.delivery(found));
    }
  }

  private Library.Session open() throws Failure {
    if (session == null) {
      throw Failure.disconnected("no connection is open", null, null);
    }
    return session;
  }

  private void disconnect() throws Failure {
    Library.Session open = session;
    session = null;
    if (open != null) {
      open.close();
    }
  }

  /** Writes an event from a thread of the library. It must not hear of it if that fails. */
  private void event(ObjectNode line) {
    try {
      output.write(line);
    } catch (RuntimeException | Error fault) {
      fault.printStackTrace();
      Runtime.getRuntime().halt(BROKEN);
    }
  }
}
