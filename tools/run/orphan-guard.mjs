// Loaded into the command before it starts: ends it, as abruptly, when the process that started it was killed.
// The channel does not keep the command alive, and nothing is ever sent over it.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.channel?.unref();
