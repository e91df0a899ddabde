/*
 * What is the writer's own: his addresses, and the domains of what his programs name.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/wire/address.h"
#include "common/wire/address_list.h"
#include "milter/from_parts.h"
#include "milter/policy_key.h"

#define EXTENSION_MAX 64
#define FIELDS_MAX    2  /* of a name: there should be one */
#define MAILBOXES_MAX 20 /* of a field that can be the writer's */

static void
add(char ***list, size_t *count, char *text)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp((*list)[i], text) == 0) {
			free(text);
			return;
		}
	*list = xreallocarray(*list, *count + 1, sizeof(**list));
	(*list)[(*count)++] = text;
}

static void
add_domain(struct from_own *own, const char *domain)
{
	struct buf name = BUF_INIT;

	if (*domain == '.')
		domain++;
	if (policy_key_domain(domain, &name) == NULL)
		add(&own->domains, &own->domain_count, buf_steal(&name));
	buf_free(&name);
}

static void
add_domain_of(struct from_own *own, const char *address)
{
	const char *at = address_domain(address);

	if (at != NULL)
		add_domain(own, at + 1);
}

/* Without its extension, "user@domain" of "user+more@domain"; the caller free()s. */
static char *
unextended(const char *address)
{
	const char *at = address_domain(address);
	const char *plus = at != NULL ? memchr(address, '+', (size_t)(at - address)) : NULL;

	if (plus == NULL || plus == address)
		return xstrdup(address);
	return xasprintf("%.*s%s", (int)(plus - address), address, at);
}

/* An address is own as it is written, without its extension, and as it is compared.  The alias
 * is what everybody may see: mail that comes through again has it. */
static void
add_address(struct from_own *own, const char *alias, const char *address)
{
	const char *at = address_domain(address);
	char *bare;

	if (at == NULL || at == address || at[1] == '\0' || address_same(address, alias))
		return;
	bare = unextended(address);
	add(&own->addresses, &own->address_count, xstrdup(address));
	add(&own->addresses, &own->address_count, address_key(address));
	add(&own->addresses, &own->address_count, address_key(bare));
	add(&own->addresses, &own->address_count, bare);
}

/*
 * with_domain: programs name messages after such an address's domain.  The others' domains can
 * be a provider's, whose identifiers are those of half the correspondents.
 */
static void
add_field(struct from_own *own, const char *alias, const struct mail *mail, const char *name,
    bool with_domain)
{
	const struct mail_field *field;
	struct address_list list;

	for (size_t n = 0; (field = mail_find(mail, name, n)) != NULL && n < MAILBOXES_MAX;
	     n++) {
		if (!address_list_parse(
		        field->value, strlen(field->value), MAILBOXES_MAX, &list))
			continue;
		for (size_t i = 0; i < list.count; i++) {
			add_address(own, alias, list.mailboxes[i].address);
			if (with_domain)
				add_domain_of(own, list.mailboxes[i].address);
		}
		address_list_free(&list);
	}
}

/* A mail program makes its identifiers alike: where this one is from, the others are. */
static void
add_message_id(struct from_own *own, const struct mail *mail)
{
	const struct mail_field *field = mail_find(mail, "Message-ID", 0);
	const char *at = field != NULL ? strrchr(field->value, '@') : NULL;
	char *domain;

	if (at == NULL)
		return;
	domain = xstrndup(at + 1, strcspn(at + 1, "> \t\r\n"));
	add_domain(own, domain);
	free(domain);
}

void
from_own_init(struct from_own *own, const struct from_options *options, const struct mail *mail)
{
	char *const *domain = options->own_domains, *const *address = options->own_addresses;

	*own = (struct from_own){0};
	if (mail->sender.address != NULL) {
		add_address(own, options->alias, mail->sender.address);
		add_domain_of(own, mail->sender.address);
	}
	add_field(own, options->alias, mail, "From", true);
	add_field(own, options->alias, mail, "Sender", true);
	add_field(own, options->alias, mail, "Reply-To", false);
	for (; address != NULL && *address != NULL; address++)
		if (**address == '@')
			add(&own->whole, &own->whole_count, address_key(*address));
		else
			add_address(own, options->alias, *address);
	add_message_id(own, mail);
	for (; domain != NULL && *domain != NULL; domain++)
		add_domain(own, *domain);
}

void
from_own_free(struct from_own *own)
{
	for (size_t i = 0; i < own->address_count; i++)
		free(own->addresses[i]);
	for (size_t i = 0; i < own->domain_count; i++)
		free(own->domains[i]);
	for (size_t i = 0; i < own->whole_count; i++)
		free(own->whole[i]);
	free(own->addresses);
	free(own->whole);
	free(own->domains);
	*own = (struct from_own){0};
}

bool
from_own_address(const struct from_own *own, const char *address)
{
	char *bare = unextended(address), *key = address_key(bare);
	const char *domain = address_domain(key);
	bool found = false;

	for (size_t i = 0; i < own->address_count && !found; i++)
		found = strcmp(own->addresses[i], key) == 0;
	for (size_t i = 0; i < own->whole_count && !found; i++)
		found = domain != NULL && strcmp(own->whole[i], domain) == 0;
	free(key);
	free(bare);
	return found;
}

bool
from_own_domain(const struct from_own *own, const char *domain)
{
	struct buf name = BUF_INIT;
	bool found = false;

	if (policy_key_domain(domain, &name) == NULL)
		for (size_t i = 0; i < own->domain_count && !found; i++) {
			size_t length = strlen(own->domains[i]);

			found = name.len >= length &&
			        strcmp(name.data + name.len - length, own->domains[i]) == 0 &&
			        (name.len == length || name.data[name.len - length - 1] == '.');
		}
	buf_free(&name);
	return found;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/*
 * Does the text go on beside an address, so that it is another one?  next is the character
 * beside it, and further the one beside that: a dot, a dash and the like join two words, but
 * alone they end a sentence.
 */
static bool
goes_on(char next, char further)
{
	return is_letter(next) ||
	       (next != '\0' && strchr("._+-", next) != NULL && is_letter(further));
}

static bool
is_joined_before(const char *start, const char *p)
{
	return p > start && goes_on(p[-1], p - 1 > start ? p[-2] : '\0');
}

/* The length of an extension, "+more"; a longer one is no part of an address. */
static size_t
extension_length(const char *p)
{
	size_t length = 0;

	while (length < EXTENSION_MAX && p[length] != '\0' &&
	       strchr("@ \t\n<>,;\"()", p[length]) == NULL)
		length++;
	return length;
}

/* The length of the address at p, with whatever extension; 0 if it is not there. */
static size_t
length_at(const char *address, const char *p)
{
	size_t local = (size_t)(address_domain(address) - address);
	const char *at = p + local;

	if (strncasecmp(p, address, local) != 0)
		return 0;
	if (*at == '+')
		at += extension_length(at);
	if (strncasecmp(at, address + local, strlen(address + local)) != 0)
		return 0;
	at += strlen(address + local);
	return *at != '\0' && goes_on(at[0], at[1]) ? 0 : (size_t)(at - p);
}

/* The length of an own address that begins at p, in a text that begins at start; or 0. */
static size_t
own_at(const struct from_own *own, const char *start, const char *p)
{
	size_t longest = 0;

	for (size_t i = 0; i < own->address_count; i++) {
		size_t length = length_at(own->addresses[i], p);

		if (length > longest && !is_joined_before(start, p))
			longest = length;
	}
	return longest;
}

bool
from_own_within(const struct from_own *own, const char *text)
{
	for (size_t i = 0; i < own->address_count; i++)
		if (strcasestr(text, own->addresses[i]) != NULL)
			return true;
	return false;
}

bool
from_own_in(const struct from_own *own, const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if (own_at(own, text, p) != 0)
			return true;
	return false;
}

void
from_own_replace(
    const struct from_own *own, const char *text, const char *alias, struct buf *out)
{
	const char *p = text;

	while (*p != '\0') {
		size_t length = own_at(own, text, p);

		if (length != 0)
			buf_adds(out, alias);
		else
			buf_addc(out, *p);
		p += length != 0 ? length : 1;
	}
}
