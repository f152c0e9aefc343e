import Logging

/// What the HTTP server has to say; requests that fail to be read are no news.
struct LogBridge: LogHandler {
    let log: DaemonLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.error

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        log.error("\(event.message)")
    }
}
