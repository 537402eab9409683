/** Asks once more who is there, before what only they may do; the act is then repeated by itself. */
import { Button, Group, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import {
  createContext,
  type ReactElement,
  type ReactNode,
  type SubmitEvent,
  use,
  useCallback,
  useState,
} from "react";
import { useTranslation } from "react-i18next";

import { type AccountFault, type Answer, UNREACHABLE } from "../../features/account/api";
import { passkeyForReauth, type Proof, reauth } from "../../features/security/api";
import { passkeysWork } from "../../features/security/passkey";
import { accountFaultText } from "../failures";
import { Notice } from "./Notice";
import { CODE_DIGITS, OneTimeCode } from "./OneTimeCode";

/** Runs an act; where the relay wants a fresh proof it is asked for, and the act done once more. */
export type Fresh = <T>(act: () => Promise<Answer<T>>) => Promise<Answer<T>>;

const FreshContext = createContext<Fresh | null>(null);

/** The way to do what needs a fresh proof of who one is. */
export function useFresh(): Fresh {
  const fresh = use(FreshContext);
  if (fresh === null) throw new Error("used outside of FreshProvider");
  return fresh;
}

interface Question {
  readonly methods: readonly string[];
  readonly answer: (proved: boolean) => void;
}

const NOT_PROVED: AccountFault = { ...UNREACHABLE, code: "reauth_needed" };

/** Gives `useFresh` to everything inside, and shows its question. */
export function FreshProvider(props: { readonly children: ReactNode }): ReactElement {
  const [question, setQuestion] = useState<Question | null>(null);
  const fresh = useCallback<Fresh>(async (act) => {
    const first = await act();
    if (first.ok || first.fault.code !== "reauth_needed") return first;
    const methods = first.fault.methods ?? [];
    let answer: Question["answer"] = () => undefined;
    const promise = new Promise<boolean>((resolve) => (answer = resolve));
    const asked: Question = { methods, answer };
    setQuestion((open) => {
      // Two acts at once: the earlier one is not done.
      open?.answer(false);
      return asked;
    });
    const proved = await promise;
    setQuestion((open) => (open === asked ? null : open));
    return proved ? act() : { ok: false, fault: NOT_PROVED };
  }, []);
  return (
    <FreshContext value={fresh}>
      {props.children}
      {question !== null && <ReauthDialog question={question} />}
    </FreshContext>
  );
}

type Typed = "password" | "totp";

function TypedProof(props: {
  readonly methods: readonly Typed[];
  readonly busy: boolean;
  readonly onProof: (proof: Proof) => Promise<void>;
}): ReactElement {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<Typed>(props.methods[0] ?? "password");
  const [given, setGiven] = useState("");
  const [tried, setTried] = useState(false);
  const whole = chosen === "password" ? given !== "" : given.length === CODE_DIGITS;
  const other = props.methods.find((one) => one !== chosen);
  const missing = t(chosen === "password" ? "signIn.passwordMissing" : "second.totpMissing");
  const error = tried && !whole ? missing : null;

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    // A dialog is drawn outside of the form that it may have come from, yet its events rise through it.
    event.stopPropagation();
    setTried(true);
    if (!whole || props.busy) return;
    await props.onProof(chosen === "password" ? { password: given } : { totp: given });
    setGiven("");
    setTried(false);
  }

  function choose(next: Typed): void {
    setChosen(next);
    setGiven("");
    setTried(false);
  }

  return (
    <form noValidate onSubmit={(event) => void submit(event)}>
      <Stack gap="md">
        {chosen === "password" ? (
          <PasswordInput
            label={t("signIn.password")}
            autoComplete="current-password"
            maxLength={256}
            size="md"
            data-autofocus
            value={given}
            onChange={(event) => setGiven(event.currentTarget.value)}
            error={error}
            data-testid="reauth-password"
          />
        ) : (
          <OneTimeCode
            label={t("second.totp")}
            hint={t("second.totpHint")}
            digits={given}
            onChange={setGiven}
            error={error}
          />
        )}
        <Button type="submit" loading={props.busy} data-testid="reauth-submit">
          {t("reauth.submit")}
        </Button>
        {other !== undefined && (
          <Button variant="subtle" onClick={() => choose(other)}>
            {t(other === "totp" ? "second.useTotp" : "reauth.usePassword")}
          </Button>
        )}
      </Stack>
    </form>
  );
}

/** For accounts without any proof of their own here: the organisation's service asks. */
function Elsewhere(props: { readonly methods: readonly string[] }): ReactElement {
  const { t } = useTranslation();
  if (!props.methods.includes("oidc")) return <Text size="sm">{t("reauth.none")}</Text>;
  return (
    <>
      <Text size="sm">{t("reauth.oidc")}</Text>
      <Button
        component="a"
        variant="light"
        href={`/api/oidc/start?fresh=true&to=${encodeURIComponent(window.location.pathname)}`}
      >
        {t("reauth.oidcGo")}
      </Button>
    </>
  );
}

function ReauthDialog(props: { readonly question: Question }): ReactElement {
  const { t } = useTranslation();
  const { methods, answer } = props.question;
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<AccountFault | null>(null);
  // In the relay's order: where there is a second factor it comes first, and a password alone is not asked.
  const typed = methods.filter((one): one is Typed => one === "password" || one === "totp");
  const passkey = methods.includes("passkey") && passkeysWork();

  async function prove(ask: () => Promise<Answer<Proof>>): Promise<void> {
    setBusy(true);
    setFault(null);
    const proof = await ask();
    const done = proof.ok ? await reauth(proof.value) : proof;
    setBusy(false);
    if (done.ok) answer(true);
    else setFault(done.fault);
  }

  async function byPasskey(): Promise<Answer<Proof>> {
    const proof = await passkeyForReauth();
    return proof.ok ? { ok: true, value: { passkey: proof.value } } : proof;
  }

  return (
    <Modal
      opened
      onClose={() => answer(false)}
      centered
      withCloseButton={false}
      title={<Text fw={600}>{t("reauth.title")}</Text>}
    >
      <Stack gap="md" data-testid="reauth">
        <Text size="sm">{t("reauth.text")}</Text>
        {fault !== null && <Notice text={accountFaultText(t, fault)} />}
        {passkey && (
          <Button
            variant="light"
            leftSection={<IconFingerprint size={18} aria-hidden="true" />}
            loading={busy}
            onClick={() => void prove(byPasskey)}
            data-testid="reauth-passkey"
          >
            {t("second.passkey")}
          </Button>
        )}
        {typed.length > 0 && (
          <TypedProof
            methods={typed}
            busy={busy}
            onProof={(proof) => prove(() => Promise.resolve({ ok: true, value: proof }))}
          />
        )}
        {typed.length === 0 && !passkey && <Elsewhere methods={methods} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => answer(false)}>
            {t("common.cancel")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
