import type { Plugin } from "vite";

export const MANIFEST: string;
export function withIntegrity(page: string, folder: string): string;
export function manifestOf(folder: string, version: string): string;
export function manifest(version: string): Plugin;
