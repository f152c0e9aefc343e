/// What can go wrong, each with the code that Azure uses where it has one.
///
/// The registry maps every code to the exit status of the command line and to the status of an HTTP answer.
public enum ProblemCode: String, Sendable, CaseIterable {
    // Wrong input
    case usage = "Usage"
    case invalidParameterValue = "InvalidParameterValue"
    case invalidServerName = "InvalidServerName"
    case serverNameAlreadyExists = "ServerNameAlreadyExists"
    case backupNameAlreadyExists = "BackupNameAlreadyExists"
    case invalidUserName = "InvalidUserName"
    case passwordTooShort = "PasswordTooShort"
    case passwordTooLong = "PasswordTooLong"
    case passwordNotComplex = "PasswordNotComplex"
    case operationNotSupported = "OperationNotSupported"
    /// A request whose body cannot be read, or has something of the wrong kind in it.
    case invalidRequestContent = "InvalidRequestContent"
    /// A request that cannot be understood in any other part.
    case badRequest = "BadRequest"
    case methodNotAllowed = "MethodNotAllowed"
    /// The caller calls this server by a name that is none of this machine's.
    case misdirectedRequest = "MisdirectedRequest"
    case requestTooLarge = "RequestEntityTooLarge"
    case locationNotAvailable = "LocationNotAvailableForResourceType"
    /// The resource is there already, in another location.
    case invalidResourceLocation = "InvalidResourceLocation"
    // Who asks
    case authenticationFailed = "AuthenticationFailed"
    case invalidAuthenticationToken = "InvalidAuthenticationToken"
    case expiredAuthenticationToken = "ExpiredAuthenticationToken"
    case authorizationFailed = "AuthorizationFailed"
    // Not there
    case resourceNotFound = "ResourceNotFound"
    case resourceGroupNotFound = "ResourceGroupNotFound"
    case subscriptionNotFound = "SubscriptionNotFound"
    // Not now
    case serverBusy = "ServerBusy"
    case serverIsNotReady = "ServerIsNotReady"
    case serverIsNotStopped = "ServerIsNotStopped"
    case canceled = "OperationCanceled"
    /// The paired location does not hold what a geo-restore needs yet.
    case geoBackupsNotAvailable = "GeoBackupsNotAvailable"
    /// Too much is waiting already.
    case tooManyRequests = "TooManyRequests"
    // Restore
    case restoreTimeTooEarly = "RestoreTimeTooEarly"
    case restoreTimeTooLate = "RestoreTimeTooLate"
    case noUsableBackup = "NoUsableBackup"
    case walMissing = "WALMissing"
    case walDamaged = "WALDamaged"
    case backupDamaged = "BackupDamaged"
    case targetUnreachable = "TargetUnreachable"
    /// Several things fit what was asked for.
    case ambiguousTarget = "AmbiguousTarget"
    case recoveryFailed = "RecoveryFailed"
    // The machine
    case insufficientStorage = "InsufficientStorage"
    case portInUse = "PortInUse"
    case postgresMissing = "PostgresMissing"
    case serverDidNotStart = "ServerDidNotStart"
    case queryFailed = "QueryFailed"
    case archiveConflict = "ArchiveConflict"
    case formatTooNew = "FormatTooNew"
    case stateDamaged = "StateDamaged"
    case system = "SystemError"

    /// 1 failure of the service, 2 wrong use, 3 not found.
    public var exitStatus: Int32 {
        switch self {
        case .usage, .invalidServerName, .invalidParameterValue, .invalidUserName, .passwordTooShort,
            .passwordTooLong, .passwordNotComplex, .locationNotAvailable:
            2
        case .resourceNotFound, .resourceGroupNotFound, .subscriptionNotFound: 3
        default: 1
        }
    }

    public var httpStatus: Int {
        switch self {
        case .authenticationFailed, .invalidAuthenticationToken, .expiredAuthenticationToken: 401
        case .authorizationFailed: 403
        case .resourceNotFound, .resourceGroupNotFound, .subscriptionNotFound: 404
        case .methodNotAllowed: 405
        case .serverBusy, .serverIsNotReady, .serverIsNotStopped, .serverNameAlreadyExists,
            .backupNameAlreadyExists, .geoBackupsNotAvailable, .invalidResourceLocation:
            409
        case .requestTooLarge: 413
        case .misdirectedRequest: 421
        case .tooManyRequests: 429
        case .system, .stateDamaged, .recoveryFailed, .serverDidNotStart, .queryFailed: 500
        default: 400
        }
    }
}

/// A failure that a person can act on: what was refused, why, and what to do next.
public struct Problem: Error, Sendable, CustomStringConvertible {
    public var code: ProblemCode
    /// What was refused: short, lower case unless it is one of Azure's own sentences, no full stop.
    public var message: String
    /// Why: PostgreSQL's or the system's own words where there are any.
    public var detail: String?
    /// What to do next, a whole sentence.
    public var hint: String?

    public init(_ code: ProblemCode, _ message: String, detail: String? = nil, hint: String? = nil) {
        self.code = code
        self.message = message
        self.detail = detail
        self.hint = hint
    }

    public var description: String {
        var text = "(\(code.rawValue)) \(message)"
        if let detail { text += "\n  detail: \(detail)" }
        if let hint { text += "\n  hint: \(hint)" }
        return text
    }
}
