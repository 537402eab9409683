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

import { type AccountFault, type Answer, judgedWrong, UNREACHABLE } from "../../features/account/api";
import { passkeyForReauth, type Proof, reauth } from "../../features/security/api";
import { passkeysWork } from "../../features/security/passkey";
import { accountFaultText } from "../failures";
import { Notice } from "./Notice";
import { CODE_DIGITS, OneTimeCode } from "./OneTimeCode";
import { isWholeRecovery, RecoveryCode } from "./RecoveryCode";

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

const TYPED = ["password", "totp", "recovery"] as const;
type Typed = (typeof TYPED)[number];

function isWhole(way: Typed, given: string): boolean {
  if (way === "password") return given !== "";
  return way === "totp" ? given.length === CODE_DIGITS : isWholeRecovery(given);
}

function proofOf(way: Typed, given: string): Proof {
  if (way === "password") return { password: given };
  return way === "totp" ? { totp: given } : { recovery: given };
}

/** The field for one way of proving who one is. */
function TypedField(props: {
  readonly way: Typed;
  readonly given: string;
  readonly focused: boolean;
  readonly error: string | null;
  readonly onChange: (given: string) => void;
}): ReactElement {
  const { t } = useTranslation();
  const { way, given, focused, error, onChange } = props;
  if (way === "recovery") return <RecoveryCode code={given} onChange={onChange} error={error} />;
  if (way === "totp") {
    return (
      <OneTimeCode
        label={t("second.totp")}
        hint={t("second.totpHint")}
        digits={given}
        onChange={onChange}
        error={error}
        focused={focused}
      />
    );
  }
  return (
    <PasswordInput
      label={t("signIn.password")}
      autoComplete="current-password"
      maxLength={256}
      size="md"
      data-autofocus={focused || undefined}
      value={given}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={error}
      data-testid="reauth-password"
    />
  );
}

function TypedProof(props: {
  readonly ways: readonly Typed[];
  /** Nothing comes before it. */
  readonly first: boolean;
  readonly busy: boolean;
  /** Resolves to why it was not taken. */
  readonly onProof: (proof: Proof) => Promise<AccountFault | null>;
}): ReactElement {
  const { t } = useTranslation();
  const [way, setWay] = useState<Typed>(props.ways[0] ?? "password");
  const [given, setGiven] = useState("");
  const [tried, setTried] = useState(false);
  const missing = {
    password: t("signIn.passwordMissing"),
    totp: t("second.totpMissing"),
    recovery: t("second.recoveryMissing"),
  };
  const other = {
    password: t("reauth.usePassword"),
    totp: t("second.useTotp"),
    recovery: t("second.useRecovery"),
  };

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    // A dialog is drawn outside of the form that it may have come from, yet its events rise through it.
    event.stopPropagation();
    setTried(true);
    if (!isWhole(way, given) || props.busy) return;
    if (!judgedWrong(await props.onProof(proofOf(way, given)))) return;
    setGiven("");
    setTried(false);
  }

  function choose(next: Typed): void {
    setWay(next);
    setGiven("");
    setTried(false);
  }

  return (
    <form noValidate onSubmit={(event) => void submit(event)}>
      <Stack gap="md">
        <TypedField
          way={way}
          given={given}
          focused={props.first}
          error={tried && !isWhole(way, given) ? missing[way] : null}
          onChange={setGiven}
        />
        <Button
          type="submit"
          variant={props.first ? "filled" : "light"}
          loading={props.busy}
          data-testid="reauth-submit"
        >
          {t("reauth.submit")}
        </Button>
        {props.ways
          .filter((one) => one !== way)
          .map((one) => (
            <Button key={one} variant="subtle" onClick={() => choose(one)}>
              {other[one]}
            </Button>
          ))}
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
  // The passkey first, as it takes one touch; then in the relay's order, which knows what this account has.
  const typed = methods.map((one) => TYPED.find((way) => way === one)).filter((way) => way !== undefined);
  const passkey = methods.includes("passkey") && passkeysWork();

  async function prove(ask: () => Promise<Answer<Proof>>): Promise<AccountFault | null> {
    setBusy(true);
    setFault(null);
    const proof = await ask();
    const done = proof.ok ? await reauth(proof.value) : proof;
    setBusy(false);
    if (done.ok) answer(true);
    else setFault(done.fault);
    return done.ok ? null : done.fault;
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
            data-autofocus
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
            ways={typed}
            first={!passkey}
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
