import { Button, NativeSelect, Switch } from "@mantine/core";
import { IconRotate } from "@tabler/icons-react";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import {
  circumstancesOf,
  FIRST_SCENE,
  needsGrant,
  type Scene,
  suppose,
  SUPPOSITIONS,
} from "../../features/policy/simulate";
import { CAPABILITIES, type Capability, MODES, ROLES } from "../../protocol/generated";
import { effectiveRight } from "../../protocol/rights";

interface SceneProps {
  readonly scene: Scene;
  readonly onScene: (scene: Scene) => void;
}

function Setting(props: SceneProps): ReactElement {
  const { t } = useTranslation();
  const { scene, onScene } = props;
  return (
    <div className="policy-setting" role="group" aria-label={t("policy.setUp")}>
      <NativeSelect
        size="xs"
        label={t("policy.mode")}
        value={scene.mode}
        data={MODES.map((mode) => ({ value: mode, label: t(`mode.${mode}`) }))}
        onChange={(event) =>
          onScene({ ...scene, mode: MODES.find((mode) => mode === event.currentTarget.value) ?? scene.mode })
        }
        data-testid="policy-mode"
      />
      <NativeSelect
        size="xs"
        label={t("policy.role")}
        value={scene.role}
        data={ROLES.map((role) => ({ value: role, label: t(`people.${role}`) }))}
        onChange={(event) =>
          onScene({ ...scene, role: ROLES.find((role) => role === event.currentTarget.value) ?? scene.role })
        }
        data-testid="policy-role"
      />
      <Switch
        size="sm"
        label={t("policy.token")}
        checked={scene.token}
        onChange={(event) => onScene({ ...scene, token: event.currentTarget.checked })}
        data-testid="policy-token"
      />
      <Switch
        size="sm"
        label={t("policy.admin_tools")}
        checked={scene.adminTools}
        onChange={(event) => onScene({ ...scene, adminTools: event.currentTarget.checked })}
        data-testid="policy-admin-tools"
      />
      <Button
        size="xs"
        variant="default"
        leftSection={<IconRotate size={14} aria-hidden="true" />}
        onClick={() => onScene(FIRST_SCENE)}
      >
        {t("policy.reset")}
      </Button>
    </div>
  );
}

function Toggles(props: SceneProps & { readonly capability: Capability }): ReactElement {
  const { t } = useTranslation();
  const { scene, onScene, capability } = props;
  const made = scene.supposed[capability] ?? [];
  return (
    <div className="policy-toggles">
      {SUPPOSITIONS.map((what) => (
        <button
          key={what}
          type="button"
          className="chip"
          aria-pressed={made.includes(what)}
          disabled={what === "granted" && !needsGrant(scene.role, capability)}
          onClick={() => onScene(suppose(scene, capability, what))}
          data-testid={`suppose-${what}`}
        >
          {t(`policy.toggles.${what}`)}
        </button>
      ))}
    </div>
  );
}

function Row(
  props: SceneProps & {
    readonly capability: Capability;
    readonly open: boolean;
    readonly onOpen: () => void;
  },
): ReactElement {
  const { t } = useTranslation();
  const { scene, capability, open } = props;
  const { permit, removedBy } = effectiveRight(capability, circumstancesOf(scene));
  const name = t(`capability.${capability}`);
  const changed = (scene.supposed[capability] ?? []).length > 0;
  return (
    <>
      <tr data-permit={permit} data-testid={`policy-${capability}`}>
        <th scope="row">
          {name} <code>{capability}</code>
        </th>
        <td>
          <span className="permit" data-permit={permit}>
            {t(`policy.permit.${permit}`)}
          </span>
        </td>
        <td className="policy-why">
          {removedBy !== null && <strong>{t(`policy.factor.${removedBy}`)}</strong>}{" "}
          {t(`policy.because.${removedBy ?? "none"}`)}
        </td>
        <td className="no-print cell-acts">
          <button
            type="button"
            className="chip"
            aria-expanded={open}
            aria-label={t("policy.change", { what: name })}
            onClick={props.onOpen}
          >
            {changed ? t("policy.changed") : t("policy.decide")}
          </button>
        </td>
      </tr>
      {open && (
        <tr className="no-print">
          <td colSpan={4}>
            <Toggles scene={scene} onScene={props.onScene} capability={capability} />
          </td>
        </tr>
      )}
    </>
  );
}

/** Suppose a mode, a person and what others decided; read what follows, and from which factor. */
export function Simulator(props: SceneProps): ReactElement {
  const { t } = useTranslation();
  const [open, setOpen] = useState<Capability | null>(null);
  return (
    <section className="policy-simulator no-print" aria-label={t("policy.setUp")}>
      <Setting {...props} />
      <div className="policy-room">
        <table className="dense policy-answers">
          <thead>
            <tr>
              <th scope="col">{t("policy.capability")}</th>
              <th scope="col">{t("policy.answer")}</th>
              <th scope="col">{t("policy.why")}</th>
              <th scope="col">
                <span className="sr-only">{t("policy.decide")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {CAPABILITIES.map((capability) => (
              <Row
                key={capability}
                {...props}
                capability={capability}
                open={open === capability}
                onOpen={() => setOpen(open === capability ? null : capability)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
