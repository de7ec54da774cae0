"""Authentication of people: passwords, second factors, passkeys, single sign-on."""
