import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The driver of a GPU in software, which Chromium brings along. */
export const softwareGpuDriver = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Returns why there is no GPU in software here; undefined if there is one. */
export function softwareGpuLack(): string | undefined {
  if (!existsSync(softwareGpuDriver)) return `there is no ${softwareGpuDriver}`;
  return hasVulkanLoader() ? undefined : 'there is no Vulkan loader, libvulkan.so.1';
}

function hasVulkanLoader(): boolean {
  const places = ['/usr/lib', '/usr/lib64', '/usr/local/lib'].filter((place) => existsSync(place));
  // Debian keeps libraries by architecture: /usr/lib/x86_64-linux-gnu.
  const inner = places.flatMap((place) =>
    readdirSync(place)
      .filter((name) => name.endsWith('-linux-gnu'))
      .map((name) => join(place, name)),
  );
  return [...places, ...inner].some((place) => existsSync(join(place, 'libvulkan.so.1')));
}
