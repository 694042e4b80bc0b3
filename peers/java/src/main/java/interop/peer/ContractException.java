package interop.peer;

/** A line that is against the contract. */
final class ContractException extends Exception {
  private static final long serialVersionUID = 1L;

  /** The id of the line, 0 if it has none that can be read. */
  final long id;

  ContractException(long id, String message) {
    super(message);
    this.id = id;
  }
}
