/* The x86/HVM direct boot ABI: xen/include/public/arch-x86/hvm/start_info.h. */
#include "platform.h"

#define START_MAGIC 0x336ec578u
#define MEMMAP_RAM 1

struct start_info
{
    u32 magic, version, flags, nr_modules;
    u64 modlist, cmdline, rsdp, memmap;
    u32 memmap_entries, reserved;
};

struct memmap_entry
{
    u64 address, size;
    u32 type, reserved;
};

extern u64 start_info_address;
struct ram_range ram[32];
u32 ram_count;
char command_line[4096];
u64 acpi_root;

static void add_ram(u64 start, u64 end)
{
    /* Loaders split RAM as they like: join neighbours, so that a 2 MiB page over the seam counts as RAM. */
    start = (start + 4095) & ~4095ull;
    end &= ~4095ull;
    if (start >= end)
        return;
    if (ram_count && ram[ram_count - 1].end == start)
        ram[ram_count - 1].end = end;
    else if (ram_count < ARRAY_SIZE(ram))
        ram[ram_count++] = (struct ram_range){start, end};
}

void pvh_read_start_info(void)
{
    u64 at = start_info_address;
    paging_map(at, at + sizeof(struct start_info), false);
    const struct start_info *info = (const void *)at;
    if (info->magic != START_MAGIC)
    {
        console("no PVH start info at %lx: boot me by the PVH entry", at);
        power_off();
    }
    acpi_root = info->rsdp;
    if (info->version >= 1 && info->memmap && info->memmap_entries <= 1024)
    {
        paging_map(info->memmap, info->memmap + info->memmap_entries * sizeof(struct memmap_entry), false);
        const struct memmap_entry *map = (const void *)info->memmap;
        for (u32 i = 0; i < info->memmap_entries; i++)
            if (map[i].type == MEMMAP_RAM && map[i].size < 1ull << 46 && map[i].address < 1ull << 46)
                add_ram(map[i].address, map[i].address + map[i].size);
    }
    if (info->cmdline)
    {
        paging_map(info->cmdline, info->cmdline + sizeof command_line, false);
        const char *text = (const char *)info->cmdline;
        for (u32 i = 0; i < sizeof command_line - 1 && text[i]; i++)
            command_line[i] = text[i];
    }
}

const char *command_line_value(const char *name, u32 n, u32 *length)
{
    u32 name_length = (u32)strlen(name);
    for (const char *p = command_line; *p;)
    {
        while (*p == ' ')
            p++;
        const char *item = p;
        while (*p && *p != ' ')
            p++;
        u32 item_length = (u32)(p - item);
        if (item_length > name_length && !memcmp(item, name, name_length) && item[name_length] == '=' && n-- == 0)
        {
            *length = item_length - name_length - 1;
            return item + name_length + 1;
        }
    }
    return NULL;
}
