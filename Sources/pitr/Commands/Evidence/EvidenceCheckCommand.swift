import ArgumentParser
import ControlPlane
import Foundation
import Glibc
import Notation
import Platform
import ServiceModel

struct EvidenceCheckCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Verify a file that 'pitr evidence bundle' wrote, on any machine.",
        discussion: """
            Every file is as the list of sums says, and the list is signed with the key of ca.crt in the bundle. Whose \
            key that is shows only beside a certificate that you got another way: --authority; else this machine's own \
            is looked at. Where neither is known to have signed it, the program ends with 1.
            """)

    @OptionGroup var global: GlobalOptions
    @Option(
        help: ArgumentHelp("The certificate of the authority that must have signed it.", valueName: "file"),
        completion: .file())
    var authority: String?
    @Argument(help: "The bundle.", completion: .file()) var file: String

    func execute(_ session: Session) throws -> Report {
        let bundle = try EvidenceBundle(checking: try DurableFiles.read(file, limit: 1 << 32))
        let check = try SignatureCheck(bundle)
        defer { check.remove() }
        try check.verify()
        let own = try session.home() + "/ca/ca.crt"
        let known = authority ?? (access(own, R_OK) == 0 ? own : nil)
        let isKnown = try known.map { try check.isSigned(by: $0) }
        if authority != nil, isKnown == false {
            throw Problem(
                .stateDamaged, "the evidence was signed by another authority",
                detail: "its fingerprint is \(try check.fingerprint())",
                hint:
                    "Ask where the file comes from for the certificate of that machine: PITR_HOME/ca/ca.crt.")
        }
        let fingerprint = try check.fingerprint()
        var text = PersonText()
        text.heading(
            isKnown == true
                ? "The evidence is as it was bundled"
                : "Nothing was changed since it was signed; by whom is not known")
        for entry in bundle.files { text.item("\(entry.name), \(entry.content.count) bytes") }
        text.field("Signed by", fingerprint)
        text.field(
            "Authority",
            isKnown == true
                ? authority == nil ? "this machine's own" : "the one that was named"
                : "not known here: compare the fingerprint, or name a certificate with --authority")
        var report = Report(
            value: .object([
                "authorityFingerprint": .string(fingerprint),
                "authorityIsKnown": .bool(isKnown == true),
                "file": .string(file),
                "files": .array(
                    bundle.files.map { entry in
                        .object(["bytes": .integer(Int64(entry.content.count)), "name": .string(entry.name)])
                    }),
            ]), view: .text(text))
        if isKnown != true {
            report.failure = Problem(
                .stateDamaged, "it is not known who signed the evidence",
                detail: "anybody can bundle files and sign them; the fingerprint is \(fingerprint)",
                hint: "Name the certificate with --authority.")
        }
        return report
    }
}

/// The signature, as stock openssl judges it.
private struct SignatureCheck {
    private let folder: String

    init(_ bundle: EvidenceBundle) throws(Problem) {
        var template = Array("/tmp/pitr-evidence-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw Problem(.system, "cannot make a folder in /tmp", detail: String(cString: strerror(errno)))
        }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for name in [EvidenceBundle.sums, EvidenceBundle.signature, EvidenceBundle.authority] {
            try DurableFiles.write(bundle[name] ?? [], to: folder + "/" + name, durable: false)
        }
    }

    func verify() throws(Problem) {
        let key = try publicKey(of: folder + "/" + EvidenceBundle.authority)
        try DurableFiles.write(Array(key.utf8), to: folder + "/key", durable: false)
        let result = try SystemCommands().run(
            Command(
                "openssl",
                [
                    "dgst", "-sha256", "-verify", folder + "/key", "-signature",
                    folder + "/" + EvidenceBundle.signature, folder + "/" + EvidenceBundle.sums,
                ], timeoutSeconds: 30))
        guard result.succeeded else {
            throw Problem(
                .stateDamaged, "the signature of the evidence is wrong", detail: result.words,
                hint: "Somebody changed the list of sums, the signature or the certificate.")
        }
    }

    func isSigned(by certificate: String) throws(Problem) -> Bool {
        try publicKey(of: certificate) == publicKey(of: folder + "/" + EvidenceBundle.authority)
    }

    func fingerprint() throws(Problem) -> String {
        let words = try openssl([
            "x509", "-in", folder + "/" + EvidenceBundle.authority, "-noout", "-fingerprint", "-sha256",
        ])
        return words.split(separator: "=").last.map { $0.filter { !$0.isNewline } } ?? words
    }

    func remove() {
        // In /tmp nothing depends on it.
        try? DurableFiles.removeTree(folder)
    }

    private func publicKey(of certificate: String) throws(Problem) -> String {
        try openssl(["x509", "-in", certificate, "-noout", "-pubkey"])
    }

    private func openssl(_ words: [String]) throws(Problem) -> String {
        try SystemCommands().runChecked(Command("openssl", words, timeoutSeconds: 30)).standardOutput
    }
}
