package interop.peer;

import java.io.ByteArrayOutputStream;
import java.io.IOError;
import java.io.IOException;
import java.io.OutputStream;
import tools.jackson.databind.node.ObjectNode;

/**
 * The peer's lines, each checked against the contract. Any thread may write; one thread of its own
 * carries to the pipe whatever has gathered meanwhile, in one go.
 */
final class Output {
  private final Contract contract;
  private final OutputStream pipe;
  private final Thread carrier = new Thread(this::carry, "output");
  private ByteArrayOutputStream gathered = new ByteArrayOutputStream();
  private boolean ended;
  private IOException broken;

  Output(Contract contract, OutputStream pipe) {
    this.contract = contract;
    this.pipe = pipe;
    carrier.setDaemon(true);
    carrier.start();
  }

  /** Adds a line. One that is against the contract is a fault of ours, and the end: an Error. */
  void write(ObjectNode line) {
    byte[] octets = Json.write(line);
    try {
      contract.checkLine(line);
    } catch (ContractException fault) {
      throw new AssertionError("this peer broke the contract with " + line, fault);
    }
    synchronized (this) {
      if (broken != null) {
        throw new IOError(broken);
      }
      gathered.writeBytes(octets);
      gathered.write('\n');
      notifyAll();
    }
  }

  /** Carries what is left, and ends. */
  void end() throws InterruptedException, IOException {
    synchronized (this) {
      ended = true;
      notifyAll();
    }
    carrier.join();
    if (broken != null) {
      throw broken;
    }
  }

  private void carry() {
    try {
      for (byte[] lines = next(); lines.length > 0; lines = next()) {
        pipe.write(lines);
        pipe.flush();
      }
    } catch (IOException error) {
      synchronized (this) {
        broken = error;
      }
    } catch (InterruptedException nobodyDoes) {
      throw new IllegalStateException(nobodyDoes);
    }
  }

  /** What has gathered; nothing only after the end. */
  private synchronized byte[] next() throws InterruptedException {
    while (gathered.size() == 0 && !ended) {
      wait();
    }
    byte[] lines = gathered.toByteArray();
    gathered = new ByteArrayOutputStream();
    return lines;
  }
}
