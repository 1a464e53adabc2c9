module helpdesk.example

go 1.19
