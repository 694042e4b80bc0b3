// Package client is what streadway/amqp and rabbitmq/amqp091-go have in common, written once for both and for
// either role. The two have one origin: their types differ and their shapes are the same, so constraints name the
// shapes; a release that changed one would not compile, rather than misbehave. It imports neither library.
package client

// TableOf is a library's type of field tables.
type TableOf interface {
	~map[string]any
	Validate() error
}

// Error has the fields of a library's own error. Server: the broker said it.
type Error struct {
	Code    int
	Reason  string
	Server  bool
	Recover bool
}

// ErrorOf is a library's own type of that shape.
type ErrorOf interface {
	~struct {
		Code    int
		Reason  string
		Server  bool
		Recover bool
	}
}

// ConnectionOf is a library's connection.
type ConnectionOf[Channel, Err any] interface {
	Channel() (Channel, error)
	NotifyClose(chan *Err) chan *Err
	ConnectionState
}

// ConnectionState is of a connection what its session needs once it is open.
type ConnectionState interface {
	IsClosed() bool
	Close() error
}

// ChannelOf is of a library's channel what both roles need.
type ChannelOf[Table, Queue, Err any] interface {
	Declarer[Table, Queue]
	NotifyClose(chan *Err) chan *Err
}

// Declarer is of a library's channel what declares a topology.
type Declarer[Table, Queue any] interface {
	ExchangeDeclare(name, kind string, durable, autoDelete, internal, noWait bool, arguments Table) error
	ExchangeDeclarePassive(name, kind string, durable, autoDelete, internal, noWait bool, arguments Table) error
	QueueDeclare(name string, durable, autoDelete, exclusive, noWait bool, arguments Table) (Queue, error)
	QueueDeclarePassive(name string, durable, autoDelete, exclusive, noWait bool, arguments Table) (Queue, error)
	QueueBind(name, key, exchange string, noWait bool, arguments Table) error
}
