import { Button, Checkbox, Group, Modal, NativeSelect, Stack, TextInput } from "@mantine/core";
import { type ReactElement, type SubmitEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import type { AccountFault } from "../../features/account/api";
import { type Person, type PersonDraft, type Place, PLACES } from "../../features/admin/api";
import { Fault } from "./parts";

const MAX_NAME_CHARS = 64;
const NOBODY: PersonDraft = {
  displayName: "",
  standing: "technician",
  team: "",
  adminTools: false,
  isAdmin: false,
};

/** Somebody new, or somebody otherwise. */
export function PersonForm(props: {
  /** `null` for somebody new. */
  readonly person: Person | null;
  /** It is one's own account, whose office nobody gives up. */
  readonly mine: boolean;
  readonly busy: boolean;
  readonly fault: AccountFault | null;
  readonly onClose: () => void;
  readonly onSave: (name: string, draft: PersonDraft) => void;
}): ReactElement {
  const { t } = useTranslation();
  const { person } = props;
  const [name, setName] = useState(person?.name ?? "");
  const [draft, setDraft] = useState<PersonDraft>(person ?? NOBODY);
  const [tried, setTried] = useState(false);
  const change = (part: Partial<PersonDraft>): void => setDraft({ ...draft, ...part });
  const lacks = (text: string): string | null =>
    tried && text.trim() === "" ? t("office.people.missing") : null;

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    setTried(true);
    if (name.trim() === "" || draft.displayName.trim() === "" || props.busy) return;
    props.onSave(name.trim(), { ...draft, displayName: draft.displayName.trim(), team: draft.team.trim() });
  }

  return (
    <Modal
      opened
      centered
      onClose={props.onClose}
      title={person === null ? t("office.people.new") : t("office.people.editTitle")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form noValidate onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label={t("office.people.name")}
            description={t("office.people.nameText")}
            autoCapitalize="none"
            spellCheck={false}
            maxLength={MAX_NAME_CHARS}
            value={name}
            disabled={person !== null}
            error={lacks(name)}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label={t("office.people.displayName")}
            description={t("office.people.displayNameText")}
            maxLength={MAX_NAME_CHARS}
            value={draft.displayName}
            error={lacks(draft.displayName)}
            onChange={(event) => change({ displayName: event.currentTarget.value })}
          />
          <NativeSelect
            label={t("office.people.place")}
            value={draft.standing}
            data={PLACES.map((place) => ({ value: place, label: t(`office.place.${place}`) }))}
            onChange={(event) => change({ standing: event.currentTarget.value as Place })}
          />
          <TextInput
            label={t("office.people.team")}
            maxLength={MAX_NAME_CHARS}
            value={draft.team}
            onChange={(event) => change({ team: event.currentTarget.value })}
          />
          <Checkbox
            label={t("office.people.toolsText")}
            checked={draft.adminTools}
            onChange={(event) => change({ adminTools: event.currentTarget.checked })}
          />
          <Checkbox
            label={t("office.people.administratorText")}
            checked={draft.isAdmin}
            disabled={props.mine}
            onChange={(event) => change({ isAdmin: event.currentTarget.checked })}
          />
          <Fault fault={props.fault} />
          <Group justify="flex-end">
            <Button variant="default" onClick={props.onClose}>
              {t("common.cancel")}
            </Button>
            <Button type="submit" loading={props.busy}>
              {t("office.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
