import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.*;
import java.util.*;

/**
 * Asks Java's PKIX validator. A line of input is a question, its words divided by tabs: the directory with root.der, leaf.der and
 * list-*.der; the method; a policy or nothing; whether the holder logs in; the files of the certificates above the holder's, the next one first.
 * It answers each with a line: "accepted", or "refused" and why. Anything else is a fault of the question.
 */
class Validate {
    static CertificateFactory factory;

    public static void main(String[] args) throws Exception {
        factory = CertificateFactory.getInstance("X.509");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = in.readLine()) != null; ) {
            String answer;
            try {
                judge(line.split("\t", -1));
                answer = "accepted";
            } catch (CertPathValidatorException e) {
                answer = "refused: " + e.getReason() + ": " + e;
            } catch (CertificateException | CRLException e) {
                answer = "refused: cannot be read: " + e;
            } catch (Exception e) {
                answer = "failed: " + e;
            }
            System.out.println(answer.replace('\n', ' '));
            System.out.flush();
        }
    }

    static X509Certificate certificate(Path file) throws Exception {
        try (var in = Files.newInputStream(file)) {
            return (X509Certificate) factory.generateCertificate(in);
        }
    }

    static void judge(String[] question) throws Exception {
        Path dir = Path.of(question[0]);
        String method = question[1], policy = question[2];
        boolean login = Boolean.parseBoolean(question[3]);
        List<X509Certificate> chain = new ArrayList<>();
        chain.add(certificate(dir.resolve("leaf.der")));
        for (int i = 4; i < question.length; i++) {
            chain.add(certificate(dir.resolve(question[i])));
        }
        PKIXParameters asked = new PKIXParameters(Set.of(new TrustAnchor(certificate(dir.resolve("root.der")), null)));
        asked.setRevocationEnabled(false);
        asked.setPolicyQualifiersRejected(false); // otherwise Java refuses a critical policy that points to a CPS
        if (!policy.isEmpty()) {
            asked.setInitialPolicies(Set.of(policy));
            asked.setExplicitPolicyRequired(true);
        }
        if (login) {
            X509CertSelector holder = new X509CertSelector();
            holder.setExtendedKeyUsage(Set.of("1.3.6.1.5.5.7.3.2"));
            holder.setKeyUsage(new boolean[] {true}); // digitalSignature
            asked.setTargetCertConstraints(holder);
        }
        CertPathValidator validator = CertPathValidator.getInstance("PKIX");
        if (!method.equals("alone")) {
            PKIXRevocationChecker revocation = (PKIXRevocationChecker) validator.getRevocationChecker();
            Set<PKIXRevocationChecker.Option> options = EnumSet.of(PKIXRevocationChecker.Option.ONLY_END_ENTITY, PKIXRevocationChecker.Option.NO_FALLBACK);
            if (!method.equals("OCSP")) {
                options.add(PKIXRevocationChecker.Option.PREFER_CRLS);
                List<CRL> lists = new ArrayList<>();
                try (DirectoryStream<Path> files = Files.newDirectoryStream(dir, "list-*.der")) {
                    for (Path file : files) {
                        try (var in = Files.newInputStream(file)) {
                            lists.add(factory.generateCRL(in));
                        }
                    }
                }
                asked.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists)));
            }
            revocation.setOptions(options);
            asked.addCertPathChecker(revocation);
        }
        validator.validate(factory.generateCertPath(chain), asked);
    }
}
