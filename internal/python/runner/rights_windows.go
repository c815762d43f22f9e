package runner

// rights: permissions of files mean nothing here.
const rights = false
