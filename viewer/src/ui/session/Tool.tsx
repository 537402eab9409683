import { Button, Tooltip } from "@mantine/core";
import type { ComponentPropsWithRef, MouseEvent, ReactElement, ReactNode } from "react";

export interface ToolProps extends Omit<ComponentPropsWithRef<"button">, "color" | "style" | "disabled"> {
  readonly label: string;
  readonly icon: ReactNode;
  /** Text beside the icon; without it the label is the tooltip's and the screen reader's alone. */
  readonly text?: ReactNode;
  /** Why it cannot be used now; the button stays reachable, so that the reason can be read. */
  readonly obstacle?: string | null;
  readonly pressed?: boolean;
  readonly color?: string;
  readonly variant?: string;
  /** Waits for a person: not usable now, but nothing is wrong. */
  readonly "data-waiting"?: boolean | undefined;
}

/** One button of the toolbar. */
export function Tool(props: ToolProps): ReactElement {
  const {
    label,
    icon,
    text,
    obstacle = null,
    pressed,
    onClick,
    color = "gray",
    variant = "subtle",
    ...rest
  } = props;

  function click(event: MouseEvent<HTMLButtonElement>): void {
    if (obstacle === null) onClick?.(event);
    else event.preventDefault();
  }

  return (
    <Tooltip
      label={obstacle === null ? label : `${label}: ${obstacle}`}
      openDelay={350}
      events={{ hover: true, focus: true, touch: true }}
    >
      <Button
        {...rest}
        size="compact-sm"
        className="tool"
        variant={pressed === true ? "light" : variant}
        color={pressed === true ? "petrol" : color}
        aria-label={label}
        aria-pressed={pressed}
        aria-disabled={obstacle !== null}
        aria-description={obstacle ?? undefined}
        {...(obstacle === null ? {} : { "data-disabled": true })}
        onClick={click}
      >
        {icon}
        {text !== undefined && <span className="tool-text">{text}</span>}
      </Button>
    </Tooltip>
  );
}
